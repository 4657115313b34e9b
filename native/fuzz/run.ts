// `npm run fuzz -- [--seconds 60] [TARGET…]`: fuzzes every parser, or those named, sharing the seconds out evenly. What is found
// stays under .build/fuzz: inputs that reach new code in corpus/, inputs that a parser does not survive in found/.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.build', 'fuzz');
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
/** Naming it, although it is this machine's, keeps what is said below from build scripts and procedural macros. */
const TARGET = `${ARCHITECTURES[process.arch]}-unknown-linux-gnu`;
const PROGRAM = join(FOLDER, 'target', TARGET, 'release', 'fuzz');

/** What `cargo fuzz` asks for, less what only a nightly compiler has. */
const RUSTFLAGS = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Ccodegen-units=1',
  '-Cdebug-assertions',
  '-Coverflow-checks',
  '--cfg=fuzzing',
];
/** An input that takes longer, or needs more memory, is as bad as one that panics. */
const LIMITS = ['-timeout=10', '-rss_limit_mb=1024'];
const DEFAULT_SECONDS = 60;

interface Parser {
  readonly name: string;
  readonly seeds: readonly string[];
}

class FuzzError extends Error {}

function build(): void {
  const paths = ['--manifest-path', 'native/fuzz/Cargo.toml', '--target-dir', join(FOLDER, 'target')];
  const env = { ...process.env, RUSTFLAGS: RUSTFLAGS.join(' ') };
  const options = { cwd: ROOT, stdio: 'inherit', env } as const;
  const { status } = spawnSync(
    'cargo',
    ['build', '--release', '--locked', '--quiet', '--target', TARGET, ...paths],
    options,
  );
  if (status !== 0)
    throw new FuzzError('the fuzz targets do not build; libFuzzer needs a C++ compiler (apt install g++)');
}

function parsers(): readonly Parser[] {
  const { TACHO_FUZZ: _, ...env } = process.env;
  const { status, stdout } = spawnSync(PROGRAM, { encoding: 'utf8', env });
  if (status !== 0) throw new FuzzError(`${PROGRAM} does not list its targets`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([name = '', ...seeds]) => ({ name, seeds }));
}

function chosen(all: readonly Parser[], names: readonly string[]): readonly Parser[] {
  const unknown = names.filter((name) => !all.some((parser) => parser.name === name));
  if (unknown.length > 0) {
    throw new FuzzError(`no target ${unknown.join(', ')}; known: ${all.map((parser) => parser.name).join(' ')}`);
  }
  return names.length === 0 ? all : all.filter((parser) => names.includes(parser.name));
}

/** Fuzzes one parser, says what came of it, and gives the inputs that it did not survive. */
async function fuzz({ name, seeds }: Parser, seconds: number): Promise<readonly string[]> {
  const [corpus, found] = [join(FOLDER, 'corpus', name), join(FOLDER, 'found', name)];
  for (const folder of [corpus, found]) mkdirSync(folder, { recursive: true });
  const list = join(FOLDER, 'corpus', `${name}.seeds`);
  writeFileSync(list, seeds.join(','));
  const known = new Set(readdirSync(found));
  const options = [...LIMITS, `-max_total_time=${seconds}`, `-artifact_prefix=${found}/`];
  if (seeds.length > 0) options.push(`-seed_inputs=@${list}`);
  const env = { ...process.env, TACHO_FUZZ: name };
  const child = spawn(PROGRAM, [...options, corpus], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'], env });
  const ended = new Promise<boolean>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code === 0));
  });
  const coverage: number[] = [];
  const last: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const covered = /\bcov: (\d+)/.exec(line)?.[1];
    if (covered !== undefined) coverage.push(Number(covered));
    last.push(line);
    if (last.length > 40) last.shift();
  }
  const runs = last.map((line) => /^Done (\d+) runs/.exec(line)?.[1]).find((count) => count !== undefined) ?? 'unknown';
  const survived = await ended;
  if (!survived) process.stderr.write(`${last.join('\n')}\n`);
  const [first = 0, most = 0] = [coverage[0], Math.max(0, ...coverage)];
  process.stdout.write(`${name}: ${runs} runs, ${seeds.length} seeds, coverage ${first} → ${most}\n`);
  const inputs = readdirSync(found).filter((file) => !known.has(file));
  if (!survived && inputs.length === 0) throw new FuzzError(`${name} ended without telling the input`);
  return inputs.map((file) => join(found, file));
}

async function main(): Promise<void> {
  const options = { seconds: { type: 'string', default: String(DEFAULT_SECONDS) } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1) throw new FuzzError('--seconds takes a whole number from 1');
  build();
  const targets = chosen(parsers(), positionals);
  const share = Math.max(1, Math.floor(seconds / targets.length));
  const inputs: string[] = [];
  for (const parser of targets) {
    for (const input of await fuzz(parser, share)) {
      inputs.push(`TACHO_FUZZ=${parser.name} ${relative(ROOT, PROGRAM)} ${relative(ROOT, input)}`);
    }
  }
  if (inputs.length > 0) throw new FuzzError(`not survived; to reproduce:\n  ${inputs.join('\n  ')}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof FuzzError)) throw error;
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exitCode = 1;
}
