import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';

/** How a kind stands in a TOML file, whose values have types of their own. */
interface FileForm {
  /** @param folder the file's: what its relative paths start from */
  read(value: unknown, folder: string): unknown;
  /** The right side of an assignment, made from what a person would give as a flag. */
  write(text: string): string;
  /** Where `expected` speaks of text, and the file wants something else. */
  expected?: string;
}

/**
 * What a setting may hold. Flags and variables are text, which `fromText` turns into a value, and `file` does so with what a TOML file
 * says; `type` then decides whether the value is acceptable, wherever it came from.
 */
export interface Kind<ValueType extends TSchema = TSchema> {
  type: ValueType;
  /** Stands for the value in the help text. */
  placeholder: string;
  /** Completes the sentence "NAME must be …". */
  expected: string;
  /** Anything that `type` refuses when the text makes no sense. */
  fromText(text: string): unknown;
  file: FileForm;
}

/** A string in the file, which says the same as a flag's text. */
function quoted(fromText: (text: string, folder: string) => unknown): FileForm {
  return {
    read: (value, folder) => (typeof value === 'string' ? fromText(value, folder) : undefined),
    write: JSON.stringify,
  };
}

const AS_IS: FileForm = { read: (value) => value, write: (text) => text };

/** An array in the file, where a flag has commas. */
function array(expected: string, items = list): FileForm {
  return { read: (value) => value, write: (text) => JSON.stringify(items(text)), expected };
}

export type ValueOf<SettingKind> = SettingKind extends Kind<infer ValueType> ? Static<ValueType> : never;

export function choice<const Choices extends readonly string[]>(choices: Choices) {
  return {
    type: Type.Enum(choices),
    placeholder: 'name',
    expected: `one of ${choices.join(', ')}`,
    fromText: (text: string): unknown => text,
    file: quoted((text) => text),
  };
}

export const onOff = {
  type: Type.Boolean(),
  placeholder: 'true|false',
  expected: 'true or false',
  fromText: (text: string): unknown =>
    ({ true: true, on: true, yes: true, 1: true, false: false, off: false, no: false, 0: false })[text.toLowerCase()],
  file: AS_IS,
};

const DECIMAL = /^\d{1,15}(\.\d{1,9})?$/;

export function number(range: { minimum: number; maximum: number }) {
  return {
    type: Type.Number(range),
    placeholder: 'number',
    expected: `a number from ${range.minimum} to ${range.maximum}`,
    fromText: (text: string): unknown => (DECIMAL.test(text) ? Number(text) : undefined),
    file: AS_IS,
  };
}

export function integer(range: { minimum: number; maximum: number }) {
  return {
    type: Type.Integer(range),
    placeholder: 'number',
    expected: `a whole number from ${range.minimum} to ${range.maximum}`,
    fromText: (text: string): unknown => (DECIMAL.test(text) ? Number(text) : undefined),
    file: AS_IS,
  };
}

const BYTES_PER_SUFFIX = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

export function bytes(range: { minimum: number }) {
  const fromText = (text: string): unknown => {
    const match = /^(\d{1,16}) ?(|KiB|MiB|GiB|TiB)$/.exec(text);
    return match ? Number(match[1]) * BYTES_PER_SUFFIX[match[2] as keyof typeof BYTES_PER_SUFFIX] : undefined;
  };
  return {
    type: Type.Integer({ ...range, maximum: Number.MAX_SAFE_INTEGER }),
    placeholder: 'bytes',
    expected: `a number of bytes of at least ${range.minimum}, for example 1073741824 or 1GiB`,
    fromText,
    file: {
      read: (value: unknown): unknown => (typeof value === 'string' ? fromText(value) : value),
      write: (text: string) => (/^\d+$/.test(text) ? text : JSON.stringify(text)),
      expected: `a number of bytes of at least ${range.minimum}, for example 1073741824 or "1GiB"`,
    },
  };
}

/** An absolute path; a relative one is taken from the working directory, and in a settings file from that file's folder. */
function path(placeholder: string, limits: { maximumBytes: number; why: string }) {
  const fromText = (text: string, folder = ''): unknown => (text === '' ? undefined : resolve(folder, text));
  return {
    type: Type.Refine(
      Type.String({ pattern: '^/[^\\0\\n]*$' }),
      (text: string) => Buffer.byteLength(text) <= limits.maximumBytes,
      () => limits.why,
    ),
    placeholder,
    expected: `a ${placeholder}'s path of at most ${limits.maximumBytes} bytes${limits.why}`,
    fromText,
    file: quoted(fromText),
  };
}

export function folder(limits: { maximumBytes: number; why: string }) {
  return path('folder', limits);
}

export const pemFile = path('file', { maximumBytes: 1024, why: '' });

/** At least 8 characters and at most 1,024 bytes: what auth/passwords.ts accepts for a new password. */
export const password = {
  type: Type.Refine(
    Type.String({ minLength: 8 }),
    (text: string) => Buffer.byteLength(text) <= 1024,
    () => 'too long',
  ),
  placeholder: 'password',
  expected: 'a password of at least 8 characters and at most 1024 bytes',
  fromText: (text: string): unknown => text,
  file: quoted((text) => text),
};

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]{1,253})):(\d{1,5})$/;

function address(text: string): unknown {
  const [, bracketed, plain, port] = ADDRESS.exec(text) ?? [];
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  // Digits and dots alone are an address or a mistake, never a name.
  if (plain !== undefined && /^[\d.]+$/.test(plain) && isIP(plain) !== 4) return undefined;
  return { host: bracketed ?? plain, port: Number(port) };
}

export const listenAddress = {
  type: Type.Object({ host: Type.String(), port: Type.Integer({ minimum: 0, maximum: 65_535 }) }),
  placeholder: 'host:port',
  expected: 'host:port, for example 127.0.0.1:8000 or [::1]:8000 (port 0 takes any free port)',
  fromText: address,
  file: quoted(address),
};

function list(text: string): string[] {
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

export const networks = {
  type: Type.Array(Type.Refine(Type.String(), isAddressOrNetwork, () => 'not an address')),
  placeholder: 'addresses',
  expected: 'addresses or networks with commas between, for example 127.0.0.1,10.0.0.0/8',
  fromText: (text: string): unknown => list(text),
  file: array('a list of addresses or networks, for example ["127.0.0.1", "10.0.0.0/8"]'),
};

/** Commas part events, but also the terms between the slashes of one. */
const EVENTS = /(?:[^,/]|\/[^/]*\/)+/g;

function events(text: string): string[] {
  return (text.match(EVENTS) ?? []).map((event) => event.trim()).filter(Boolean);
}

export const perfEvents = {
  type: Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 }),
  placeholder: 'events',
  expected: 'at most 64 events with commas between, for example msr/tsc/,cpu/event=0x3c,umask=0x1/',
  fromText: (text: string): unknown => events(text),
  file: array('a list of at most 64 events, for example ["msr/tsc/", "cpu/event=0x3c,umask=0x1/"]', events),
};

/** A family to record that is not recorded by itself. */
export interface Recording {
  family: string;
  /** Null: at the sampling interval. */
  intervalMs: number | null;
}

const RECORDING = /^([a-z][a-z0-9_]{0,62})(?:@(\d{1,4}(?:\.\d{1,3})?))?$/;
const LONGEST_INTERVAL_MS = 3_600_000;

/** What `process@10` says; null when it makes no sense. */
export function recordingOf(text: string): Recording | null {
  const [, family, seconds] = RECORDING.exec(text) ?? [];
  if (family === undefined) return null;
  if (seconds === undefined) return { family, intervalMs: null };
  const intervalMs = Math.round(Number(seconds) * 1_000);
  return intervalMs >= 1 && intervalMs <= LONGEST_INTERVAL_MS ? { family, intervalMs } : null;
}

function areRecordings(texts: string[]): boolean {
  const families = texts.map((text) => recordingOf(text)?.family);
  return !families.includes(undefined) && new Set(families).size === families.length;
}

export const recordings = {
  type: Type.Refine(Type.Array(Type.String()), areRecordings, () => 'not families'),
  placeholder: 'families',
  expected: 'families with commas between, each once and with its interval (0.001 to 3600 s), for example process@10',
  fromText: (text: string): unknown => list(text),
  file: array('a list of families, each once and with its interval (0.001 to 3600 s), for example ["process@10"]'),
};

export const origins = {
  type: Type.Array(Type.Refine(Type.String(), isOrigin, () => 'not an origin')),
  placeholder: 'origins',
  expected: 'origins with commas between, for example https://dash.example.org,http://localhost:3000',
  fromText: (text: string): unknown => list(text),
  file: array('a list of origins, for example ["https://dash.example.org", "http://localhost:3000"]'),
};
