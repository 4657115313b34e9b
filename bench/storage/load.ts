import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from '../harness/cleanup.ts';

const BLOCK = randomBytes(2 ** 20);

/** Work that comes in bursts of random length, on the CPU, in memory and on the disk, so that what is recorded is not an idle host. */
export function startLoad(folder: string, cleanup: Cleanup): void {
  const file = join(folder, 'load');
  let timer: NodeJS.Timeout;
  const burst = (): void => {
    const until = performance.now() + 400 * Math.random();
    const held: Buffer[] = [];
    while (performance.now() < until) {
      createHash('sha256').update(BLOCK).digest();
      if (held.length < 64) held.push(Buffer.from(BLOCK));
    }
    if (Math.random() < 0.3) writeFileSync(file, Buffer.concat(held), { flush: true });
    timer = setTimeout(burst, 2_000 * Math.random());
  };
  timer = setTimeout(burst, 0);
  cleanup.defer(() => clearTimeout(timer));
}
