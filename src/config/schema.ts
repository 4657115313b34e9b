import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Type } from 'typebox';
import {
  bytes,
  choice,
  folder,
  integer,
  type Kind,
  listenAddress,
  networks,
  number,
  onOff,
  origins,
  password,
  pemFile,
  perfEvents,
  recordings,
  type ValueOf,
} from './kinds.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The default is written as a person would give it, or `null` for a setting that may be absent. */
interface Setting {
  kind: Kind;
  default: string | null | ((environment: Environment) => string);
  /** How the documentation names the default where it depends on the environment. */
  defaultDoc?: string;
  doc: string;
  /** It is, or may hold, a password: never shown in messages or logs. */
  secret?: true;
  /** A running daemon takes a new value on SIGHUP; the others need a restart. */
  live?: true;
}

/** Checks a definition and keeps its exact type, which `Settings` derives from. */
function setting<const Definition extends Setting>(definition: Definition): Definition {
  return definition;
}

/** An address in sockaddr_un holds 107 bytes (unix(7)), and `/control.sock` takes 13 of them. */
const LONGEST_DATA_DIR_BYTES = 94;

const dataFolder = folder({ maximumBytes: LONGEST_DATA_DIR_BYTES, why: ', because a unix socket lives in it' });
const kernelTree = folder({ maximumBytes: 1024, why: '' });

const store = {
  type: Type.Literal('duckdb'),
  placeholder: 'store',
  expected: 'duckdb (this version does not write to QuestDB yet)',
  fromText: (text: string): unknown => text,
  file: { read: (value: unknown): unknown => value, write: JSON.stringify },
};

/**
 * Every setting of the daemon, once: flags (`--data-dir`), variables (`TACHO_DATA_DIR`), keys of the settings file, their checks, the help
 * text and the README's table all derive from here.
 */
export const SETTINGS = {
  listen: setting({
    kind: listenAddress,
    default: '127.0.0.1:8000',
    doc: 'Address and port to serve HTTP on, or HTTPS with a certificate.',
  }),
  tls_cert: setting({
    kind: pemFile,
    default: null,
    defaultDoc: 'none: HTTP',
    doc: 'PEM file of the certificate, its chain behind it. Together with `tls_key` it makes the daemon serve HTTPS, and nothing else.',
    live: true,
  }),
  tls_key: setting({
    kind: pemFile,
    default: null,
    defaultDoc: 'none: HTTP',
    doc: "PEM file of the certificate's private key, without a passphrase. Both files are read again when they change.",
    live: true,
  }),
  data_dir: setting({
    kind: dataFolder,
    default: defaultDataDir,
    defaultDoc: '`$STATE_DIRECTORY`, else `$XDG_STATE_HOME/tacho`, else `~/.local/state/tacho`',
    doc: 'Folder of everything that Tacho keeps. Made with mode 0700.',
  }),
  store: setting({
    kind: store,
    default: 'duckdb',
    doc: 'Where series are kept: `duckdb` is embedded, in `data_dir`.',
    secret: true,
  }),
  admin_password: setting({
    kind: password,
    default: null,
    defaultDoc: 'generated and printed once',
    doc: 'Password of the user `admin`, used by the first start only. Prefer the variable: `ps` shows flags to other users.',
    secret: true,
  }),
  log_level: setting({
    kind: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    doc: 'Least important level that is logged.',
    live: true,
  }),
  procfs: setting({ kind: kernelTree, default: '/proc', doc: 'Root of the proc file system that is sampled.' }),
  sysfs: setting({ kind: kernelTree, default: '/sys', doc: 'Root of the sysfs that is sampled.' }),
  cgroupfs: setting({ kind: kernelTree, default: '/sys/fs/cgroup', doc: 'Root of the cgroup tree that is sampled.' }),
  perf_events: setting({
    kind: perfEvents,
    default: '',
    doc: 'Events of any PMU to count, as `perf stat -e` takes them: `msr/tsc/,cpu/event=0x3c,umask=0x1/,r13c`.',
  }),
  record_also: setting({
    kind: recordings,
    default: '',
    doc: 'Families to record that are not by themselves (opt-in), each with its interval in seconds: `process@10`. Without one, the sampling interval.',
  }),
  trusted_proxies: setting({
    kind: networks,
    default: '',
    doc: 'Reverse proxies whose `X-Forwarded-For` is believed: addresses or networks, with commas between.',
  }),
  cors_origins: setting({
    kind: origins,
    default: '',
    doc: 'Web origins whose pages may call the API, with commas between. Empty: CORS is off.',
  }),
  max_stream_hz: setting({
    kind: integer({ minimum: 1, maximum: 1000 }),
    default: '1000',
    doc: 'Highest rate, in Hz, that a stream subscriber may ask for.',
  }),
  outbox_max_bytes: setting({
    kind: bytes({ minimum: 2 ** 20 }),
    default: '1GiB',
    doc: 'Most disk space, in bytes, for data that waits for the store. `KiB`, `MiB`, `GiB` and `TiB` are understood.',
  }),
  flush_interval_seconds: setting({
    kind: number({ minimum: 0.1, maximum: 3600 }),
    default: '30',
    doc: 'Longest time, in seconds, that data waits in the outbox when nobody asks for it.',
  }),
  metrics_auth: setting({
    kind: onOff,
    default: 'true',
    doc: 'Whether `/metrics` needs a token. `false` opens it to everyone who reaches the port.',
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;

type SettingValue<Definition extends Setting> =
  | ValueOf<Definition['kind']>
  | (Definition extends { default: null } ? null : never);

/** The checked settings, under their own names and in their own units. */
export type Settings = { readonly [Name in SettingName]: SettingValue<(typeof SETTINGS)[Name]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Where the settings file is. No setting itself: it could not stand in that file. */
export const SETTINGS_FILE = {
  flag: '--config',
  variable: 'TACHO_CONFIG',
  defaultDoc:
    '`/etc/tacho/tacho.toml`, else `$XDG_CONFIG_HOME/tacho/tacho.toml`, else `~/.config/tacho/tacho.toml`, where there is one',
  doc: 'TOML file of settings, by the names of their flags with `_` for `-`. `/dev/null` for none.',
} as const;

export function flagOf(name: SettingName): string {
  return `--${name.replaceAll('_', '-')}`;
}

export function variableOf(name: SettingName): string {
  return `TACHO_${name.toUpperCase()}`;
}

function defaultDataDir(environment: Environment): string {
  // systemd.exec(5): several folders are separated by colons.
  const stateDirectory = environment['STATE_DIRECTORY']?.split(':')[0];
  if (stateDirectory) return stateDirectory;
  return join(xdgFolder(environment, 'XDG_STATE_HOME', '.local/state'), 'tacho');
}

/** A base folder of the XDG Base Directory Specification, by which relative paths are invalid and to be ignored. */
export function xdgFolder(environment: Environment, variable: string, inHome: string): string {
  const given = environment[variable];
  return given && isAbsolute(given) ? given : join(environment['HOME'] || homedir(), inHome);
}
