export type StateErrorCode =
  | 'TACHO_STATE_CORRUPT'
  | 'TACHO_STATE_NEWER'
  | 'TACHO_STATE_BUSY'
  | 'TACHO_STATE_FULL'
  | 'TACHO_STATE_UNAVAILABLE'
  | 'TACHO_DATA_DIR'
  | 'TACHO_LOCKED';

/** The data folder or the state file in it cannot be used; the message is one line that says what to do. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const SQLITE = { BUSY: 5, LOCKED: 6, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const;

/** What SQLite said about `path`, as a StateError when the file is to blame; any other error comes back unchanged. */
export function explained(error: unknown, path: string): unknown {
  const errcode: unknown = error instanceof Error ? Reflect.get(error, 'errcode') : undefined;
  if (!(error instanceof Error) || typeof errcode !== 'number') return error;
  const because = { cause: error };
  // Extended codes carry the primary one in their low byte.
  switch (errcode & 0xff) {
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return corrupt(path, error.message, because);
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
      return new StateError('TACHO_STATE_BUSY', `${path} is in use by another program`, because);
    case SQLITE.FULL:
      return new StateError('TACHO_STATE_FULL', `${path} cannot be written: the disk is full`, because);
    case SQLITE.READONLY:
    case SQLITE.IOERR:
    case SQLITE.CANTOPEN:
      return new StateError('TACHO_STATE_UNAVAILABLE', `${path} cannot be used: ${error.message}`, because);
    default:
      return error;
  }
}

export function corrupt(path: string, reason: string, because?: ErrorOptions): StateError {
  return new StateError(
    'TACHO_STATE_CORRUPT',
    `${path} is damaged (${reason.replaceAll(/\s+/g, ' ')}): restore it from a backup, or move it away to start with no users`,
    because,
  );
}
