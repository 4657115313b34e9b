import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../../bench/harness/bench.ts';
import { cleanly } from '../../../bench/harness/cleanup.ts';
import { Contained } from '../../../bench/harness/contained.ts';

/** A zombie that nobody has waited for yet is no longer alive. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

const SPIN = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';

describe('Contained', () => {
  it('counts the time of children that have ended, and ends those that go on', async () => {
    const grandchild = await cleanly(async (cleanup) => {
      const script = `sh -c '${SPIN}'; sleep 600 & echo $!; wait`;
      const contained = Contained.start('test', ['/bin/sh', '-c', script], cleanup);
      const [line] = await once(createInterface({ input: contained.stdout }), 'line');
      await contained.assertRunning();
      // 200,000 turns of a shell loop take far longer than 10 ms of CPU, which is all that starting shells takes.
      expect(contained.cpuNs()).toBeGreaterThan(10_000_000);
      expect(contained.rssBytes()).toBeGreaterThan(0);
      expect(isAlive(Number(line))).toBe(true);
      return Number(line);
    });
    expect(isAlive(grandchild)).toBe(false);
  });

  it('tells why a command ended early', async () => {
    await cleanly(async (cleanup) => {
      const contained = Contained.start('test', ['/bin/sh', '-c', 'echo no reason >&2; exit 1'], cleanup);
      await contained.ended;
      await expect(contained.assertRunning()).rejects.toThrow(new BenchError('test ended early: no reason'));
    });
  });
});
