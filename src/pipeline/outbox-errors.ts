/** Errors of the durable outbox; `code` is stable, the message names the file. */
export class OutboxError extends Error {
  readonly code:
    | 'TACHO_OUTBOX_FULL'
    | 'TACHO_OUTBOX_UNAVAILABLE'
    | 'TACHO_OUTBOX_BUSY'
    | 'TACHO_OUTBOX_VERSION'
    | 'TACHO_OUTBOX_CORRUPT';

  constructor(code: OutboxError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** No room for an entry whose sender keeps it: past the outbox's bound, or the disk is full. */
export class OutboxFullError extends OutboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('TACHO_OUTBOX_FULL', message, options);
  }
}

/** One line for the daemon's log, written by whoever owns the logger. */
export interface PipelineReport {
  level: 'info' | 'warn' | 'error';
  message: string;
  details?: Record<string, string | number>;
}

export type Report = (line: PipelineReport) => void;

/** SQLite's primary result codes (sqlite.org/rescode.html) that the outbox tells apart. */
const SQLITE = { busy: 5, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** The primary SQLite result code of an error thrown by node:sqlite, else undefined. */
function resultCodeOf(error: unknown): number | undefined {
  const extended: unknown = error instanceof Error ? Reflect.get(error, 'errcode') : undefined;
  return typeof extended === 'number' ? extended & 0xff : undefined;
}

export function isCorruption(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === SQLITE.corrupt || code === SQLITE.notADatabase;
}

/** Says what a failed access to the queue file means to its caller; errors of neither SQLite nor the system pass through. */
export function outboxErrorOf(error: unknown, path: string): unknown {
  const code = resultCodeOf(error);
  if (!(error instanceof Error) || (code === undefined && !('syscall' in error))) return error;
  const options = { cause: error };
  if (code === SQLITE.full || Reflect.get(error, 'code') === 'ENOSPC')
    return new OutboxFullError(`${path}: the disk is full`, options);
  if (code === SQLITE.busy) return new OutboxError('TACHO_OUTBOX_BUSY', `${path}: another process uses it`, options);
  if (isCorruption(error)) return new OutboxError('TACHO_OUTBOX_CORRUPT', `${path}: ${error.message}`, options);
  return new OutboxError('TACHO_OUTBOX_UNAVAILABLE', `${path}: ${error.message}`, options);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
