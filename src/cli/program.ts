import { Command, CommanderError, Option } from 'commander';
import { appVersion } from '../config/artifacts.ts';
import type { Kind } from '../config/kinds.ts';
import { type Configuration, readConfiguration, type SettingSources, settingsOf } from '../config/load.ts';
import { flagOf, SETTINGS, SETTINGS_FILE, type SettingName, type Settings, variableOf } from '../config/schema.ts';

/** What is wrong with the call itself, as by convention for shells and getopt(3). */
const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;

export function createProgram(): Command {
  return new Command('tacho')
    .description('A performance collector for Linux hosts.')
    .version(appVersion(), '--version')
    .helpCommand(false)
    .configureOutput({ outputError: (message, write) => write(`tacho: ${inOneLine(message)}\n`) })
    .exitOverride();
}

/**
 * Adds a command that takes the given settings as flags. `action` gets the settings in force, then the command's own arguments and, last,
 * its own options.
 */
export function addCommand<Args extends unknown[]>(
  parent: Command,
  usage: string,
  help: string,
  settings: readonly SettingName[],
  action: (settings: Settings, ...args: Args) => Promise<void>,
): Command {
  return addConfiguredCommand<Args>(parent, usage, help, settings, (sources, ...args) => {
    const configuration = readConfiguration(sources);
    announceWarnings(configuration);
    return action(settingsOf(configuration), ...args);
  });
}

/** As `addCommand`, for commands that read the settings themselves: `action` gets what they are read from. */
export function addConfiguredCommand<Args extends unknown[]>(
  parent: Command,
  usage: string,
  help: string,
  settings: readonly SettingName[],
  action: (sources: SettingSources, ...args: Args) => Promise<void>,
): Command {
  const command = parent.command(usage).description(help).allowExcessArguments(false);
  command.addOption(settingsFileOption());
  for (const name of settings) command.addOption(settingOption(name));
  // Commander passes the arguments, the options, then the command; that `Args` fits them is up to the caller's usage line.
  return command.action((...passed: unknown[]) =>
    action(sourcesOf(command, settings), ...(passed.slice(0, -1) as Args)),
  );
}

/** Tells, on standard error, what is odd about the settings and yet no reason to refuse them. */
export function announceWarnings({ warnings }: Configuration): void {
  for (const warning of warnings) console.error(`tacho: warning: ${warning}`);
}

function settingOption(name: SettingName): Option {
  const { kind, doc }: { kind: Kind; doc: string } = SETTINGS[name];
  return new Option(`${flagOf(name)} <${kind.placeholder}>`, `${doc.replaceAll('`', '')} (${variableOf(name)})`);
}

function settingsFileOption(): Option {
  const { flag, variable, doc } = SETTINGS_FILE;
  return new Option(`${flag} <file>`, `${doc.replaceAll('`', '')} (${variable})`);
}

function sourcesOf(command: Command, names: readonly SettingName[]): SettingSources {
  const given = command.opts<Record<string, string>>();
  const flags: Partial<Record<SettingName, string>> = {};
  for (const name of names) {
    const text = given[settingOption(name).attributeName()];
    if (text !== undefined) flags[name] = text;
  }
  return { flags, configFile: given[settingsFileOption().attributeName()], environment: process.env };
}

/** Runs the command of `argv`; what fails is told in one line on standard error, and in the exit code. */
export async function run(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already; help and version count as success.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
      return;
    }
    console.error(`tacho: ${inOneLine(error instanceof Error ? error.message : String(error))}`);
    process.exitCode = EXIT_FAILURE;
  }
}

export function inOneLine(message: string): string {
  return message
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
}
