import { StoreError } from '../contract.ts';

/**
 * DuckDB's C API tells errors apart by their text alone; these are the texts of 1.5. What is in none of the lists is an error of ours
 * and passes through.
 */
const NEWER_FORMAT =
  /database file with version number \d+, but we can only read|newer version of DuckDB|storage version/i;
const LOCKED = /could not set lock on file|conflicting lock/i;
const CORRUPT = /corrupt|checksum/i;
const INVALIDATED = /has been invalidated|fatal error/i;
const NO_ACCESS = /permission denied|read-only|cannot open file|no such file|is a directory|disabled by configuration/i;
const FAILED_WRITE =
  /no space left|could not (?:write|fsync|sync|truncate|move|remove)|input\/output error|disk quota/i;
const NO_MEMORY = /out of memory/i;

/** The first line of an error's message: DuckDB adds advice that means nothing to users of ours. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}

/** Whether the database must be closed and opened again before it can be used. */
export function isInvalidated(error: unknown): boolean {
  return INVALIDATED.test(messageOf(error));
}

/** Whether a disk is full, failing or over its quota. */
export function isAboutSpace(error: unknown): boolean {
  return FAILED_WRITE.test(messageOf(error));
}

/** Whether a file is not there, not ours to use, or something else is in its place. */
export function isAboutAccess(error: unknown): boolean {
  return NO_ACCESS.test(messageOf(error));
}

/**
 * Says what an error of DuckDB means, naming the file.
 * @param opening nothing of ours has run yet: what is not about access, space or memory is about the file
 */
export function storeErrorOf(error: unknown, path: string, opening = false): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const message = messageOf(error);
  const failed = (code: StoreError['code'], text: string) => new StoreError(code, `${path}: ${text}`, { cause: error });
  if (LOCKED.test(message)) return failed('TACHO_STORE_BUSY', `another process has it open${holderIn(message)}`);
  if (NEWER_FORMAT.test(message)) return failed('TACHO_STORE_FORMAT', `written by a newer version (${message})`);
  if (FAILED_WRITE.test(message)) return failed('TACHO_STORE_UNAVAILABLE', message);
  if (INVALIDATED.test(message) || NO_MEMORY.test(message)) return failed('TACHO_STORE_UNAVAILABLE', message);
  if (NO_ACCESS.test(message)) return failed('TACHO_STORE_UNAVAILABLE', message);
  if (opening || CORRUPT.test(message))
    return failed('TACHO_STORE_CORRUPT', `the file is damaged: restore or move it (${message})`);
  return error;
}

function holderIn(message: string): string {
  const pid = /\(PID (\d+)\)/.exec(message)?.[1];
  return pid === undefined ? '' : ` (process ${pid})`;
}
