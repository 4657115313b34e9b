import type { Socket } from '../http/sockets.ts';

/** A client sent something that cannot be obeyed. Nothing was changed. */
export class ProtocolError extends Error {
  readonly code = 'TACHO_BAD_MESSAGE';
  readonly field: string | null;

  constructor(message: string, field: string | null = null) {
    super(message);
    this.field = field;
  }
}

/** What a client sent: a JSON object with one of the known types. @throws ProtocolError */
export function typedMessage<Type extends string>(
  text: string,
  known: readonly Type[],
): { type: Type; message: object } {
  const message = objectOf(text);
  const type: unknown = Reflect.get(message, 'type');
  const found = known.find((candidate) => candidate === type);
  if (found !== undefined) return { type: found, message };
  const said = type === undefined ? 'is missing' : 'is unknown';
  throw new ProtocolError(`type: ${said}; known: ${known.join(', ')}`, 'type');
}

function objectOf(text: string): object {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new ProtocolError('message is not valid JSON');
  }
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) return message;
  throw new ProtocolError('message must be a JSON object');
}

/** Ends the sockets of a session that was revoked. */
export function closeSocketsOf(sessionId: string, sockets: Iterable<Socket>): void {
  for (const socket of sockets) {
    if (socket.principal.sessionId === sessionId) socket.close(4001, 'session ended');
  }
}
