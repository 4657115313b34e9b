import { Type } from 'typebox';
import { type JsonValidator, jsonValidator } from '../../http/validate.ts';
import { ProtocolError, typedMessage } from '../sockets.ts';

/** What a client may send. */
export type ClientMessage =
  | { type: 'subscribe'; families: string[]; hz: number }
  | { type: 'unsubscribe'; families: string[] }
  | { type: 'ping' };

/** Why ticks of a family have no frame: in the sampler nobody woke up, or its ring was full, or the consumer did not keep up. */
export type DropReason = 'not_sampled' | 'overrun' | 'slow_consumer';

/** One tick an hour. */
const SLOWEST_HZ = 1 / 3600;

/** The kinds of message, by their type. */
function validatorsOf(maxHz: number): Readonly<Record<ClientMessage['type'], JsonValidator>> {
  const type = Type.String();
  const families = Type.Array(Type.String({ maxLength: 64 }), {
    minItems: 1,
    maxItems: 256,
    'x-expected': 'a list of metric families such as ["cpu", "perf"]',
  });
  const hz = Type.Number({
    minimum: SLOWEST_HZ,
    maximum: maxHz,
    'x-expected': `a number of ticks per second, from 1/3600 to ${maxHz}`,
  });
  const exactly = { additionalProperties: false };
  return {
    subscribe: jsonValidator(Type.Object({ type, families, hz }, exactly)),
    unsubscribe: jsonValidator(Type.Object({ type, families }, exactly)),
    ping: jsonValidator(Type.Object({ type }, exactly)),
  };
}

/** @returns a reader of what clients send, which throws a ProtocolError that names the field */
export function messageReader(maxHz: number): (text: string) => ClientMessage {
  const validators = validatorsOf(maxHz);
  const known = Object.keys(validators) as ClientMessage['type'][];
  return (text) => {
    const { type, message } = typedMessage(text, known);
    const validated = validators[type](message);
    // The validator of this type let it through.
    if ('value' in validated) return validated.value as ClientMessage;
    const [problem] = validated.problems;
    throw new ProtocolError(`${problem?.field}: ${problem?.expected}`, problem?.field ?? null);
  };
}
