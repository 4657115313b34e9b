import { expect, test } from 'vitest';
import { ProtocolError } from '../../../src/api/sockets.ts';
import { messageReader } from '../../../src/api/stream/protocol.ts';

const read = messageReader(500);

test('what a client may say is read', () => {
  for (const message of [
    { type: 'subscribe', families: ['perf', 'network'], hz: 0.1 },
    { type: 'unsubscribe', families: ['perf'] },
    { type: 'ping' },
  ]) {
    expect(read(JSON.stringify(message))).toEqual(message);
  }
});

const NUMBER = 'hz: must be a number of ticks per second, from 1/3600 to 500';
const LIST = 'families: must be a list of metric families such as ["cpu", "perf"]';

test.each([
  ['', 'message is not valid JSON', null],
  ['[]', 'message must be a JSON object', null],
  ['null', 'message must be a JSON object', null],
  ['{}', 'type: is missing; known: subscribe, unsubscribe, ping', 'type'],
  ['{"type":"toString"}', 'type: is unknown; known: subscribe, unsubscribe, ping', 'type'],
  ['{"type":7}', 'type: is unknown; known: subscribe, unsubscribe, ping', 'type'],
  ['{"type":"subscribe","families":["cpu"]}', 'hz: is required', 'hz'],
  ['{"type":"subscribe","hz":1}', 'families: is required', 'families'],
  ['{"type":"subscribe","families":[],"hz":1}', LIST, 'families'],
  ['{"type":"subscribe","families":"cpu","hz":1}', LIST, 'families'],
  ['{"type":"subscribe","families":["cpu"],"hz":0}', NUMBER, 'hz'],
  ['{"type":"subscribe","families":["cpu"],"hz":-1}', NUMBER, 'hz'],
  ['{"type":"subscribe","families":["cpu"],"hz":501}', NUMBER, 'hz'],
  ['{"type":"subscribe","families":["cpu"],"hz":1e999}', NUMBER, 'hz'],
  ['{"type":"subscribe","families":["cpu"],"hz":"1"}', NUMBER, 'hz'],
  ['{"type":"ping","more":1}', 'more: is not a known field', 'more'],
])('%s is refused by name', (text, message, field) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ message, field }));
  expect(() => read(text)).toThrow(ProtocolError);
});
