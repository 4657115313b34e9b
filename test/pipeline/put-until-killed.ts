import { writeSync } from 'node:fs';
import { Outbox } from '../../src/pipeline/outbox.ts';
import { packEntry } from '../../src/pipeline/outbox-entry.ts';

/**
 * Puts entries into the outbox file named by its argument until it is killed, and prints each number once that entry is
 * acknowledged. The first eight bytes of an entry say the how-manieth of this process it is.
 */
const outbox = new Outbox({ path: process.argv[2] ?? '' });
for (let sequence = 1; ; sequence += 1) {
  const payload = new Uint8Array(3_000 + (sequence % 3_000));
  new DataView(payload.buffer).setFloat64(0, sequence);
  const content = { kind: 'frames', collector: 1, payload } as const;
  const number = outbox.put(packEntry({ source: 'local', policy: 'drop_oldest', content }));
  writeSync(1, `${number}\n`);
}
