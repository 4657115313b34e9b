import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Outbox } from '../../src/pipeline/outbox.ts';
import { afterwards, agentEntry, framesEntry, names, openOutbox, temporaryFolder } from './fixtures.ts';

const EVERYTHING = Number.MAX_SAFE_INTEGER;
const CHILD = fileURLToPath(new URL('./put-until-killed.ts', import.meta.url));

/** Lets another process put entries into the file and kills it after so many; returns the numbers that it was given. */
async function acknowledgedBeforeKill(path: string, count: number): Promise<number[]> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  afterwards(() => child.kill('SIGKILL'));
  const numbers: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    numbers.push(Number(line));
    if (numbers.length === count) child.kill('SIGKILL');
  }
  return numbers;
}

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and repeats nothing, over several runs', async () => {
    const folder = temporaryFolder();
    const acknowledged: { number: number; sequence: number }[] = [];
    for (const count of [1, 40, 700]) {
      const numbers = await acknowledgedBeforeKill(join(folder, 'outbox.db'), count);
      expect(numbers.length).toBeGreaterThanOrEqual(count);
      acknowledged.push(...numbers.map((number, index) => ({ number, sequence: index + 1 })));
    }
    const { outbox, reports } = openOutbox({ folder });
    const found = outbox.take(EVERYTHING).map(({ number, content }) => {
      if (content.kind !== 'frames') throw new Error('not what was put');
      return { number, sequence: Buffer.from(content.payload).readDoubleBE(0) };
    });
    expect(new Set(found.map(({ number }) => number)).size).toBe(found.length);
    // One more may have been committed in each run than its number could be printed.
    expect(found.filter(({ number }) => acknowledged.some((entry) => entry.number === number))).toEqual(acknowledged);
    expect(found.length).toBeLessThanOrEqual(acknowledged.length + 3);
    expect(outbox.put(framesEntry(1))).toBeGreaterThan(Math.max(...found.map(({ number }) => number)));
    expect(reports).toEqual([]);
  });
});

describe('a power loss', () => {
  /** What the disk holds if nothing reached it that was not synced: the files as they were at the last fsync. */
  function afterPowerLoss(folder: string): Outbox {
    const restored = temporaryFolder();
    for (const name of ['outbox.db', 'outbox.db-wal']) copyFileSync(join(folder, name), join(restored, name));
    return openOutbox({ folder: restored }).outbox;
  }

  it('may take back local samples, but never gives their numbers to others', () => {
    const folder = temporaryFolder();
    const { outbox } = openOutbox({ folder });
    outbox.put(framesEntry(10));
    const lost = afterPowerLoss(folder);
    const handedToStore = Array.from({ length: 500 }, () => outbox.put(framesEntry(10)));
    expect(lost.spool).toBe(outbox.spool);
    expect(lost.put(framesEntry(10))).toBeGreaterThan(Math.max(...handedToStore));
  });

  it('in the middle of a write leaves what was committed before', () => {
    const folder = temporaryFolder();
    const { outbox } = openOutbox({ folder });
    outbox.putMany([agentEntry('agent'), agentEntry('agent')]);
    const torn = temporaryFolder();
    for (const name of ['outbox.db', 'outbox.db-wal']) copyFileSync(join(folder, name), join(torn, name));
    writeFileSync(join(torn, 'outbox.db-wal'), Buffer.alloc(3_000, 0xa5), { flag: 'a' });
    expect(names(openOutbox({ folder: torn }).outbox.take(EVERYTHING))).toEqual(['agent 1', 'agent 2']);
  });
});

/** A file system of one megabyte, or why there is none. */
function smallDisk(): { folder: string } | { reason: string } {
  const folder = temporaryFolder();
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) return { reason: error?.message ?? stderr.trim() };
  afterwards(() => spawnSync('umount', ['-l', folder]));
  return { folder };
}

describe('a full disk', () => {
  it('costs new samples, one line in the log and no crash, and ends when there is room again', ({ skip }) => {
    const disk = smallDisk();
    if ('reason' in disk) return skip(`a small file system cannot be mounted here: ${disk.reason}`);
    const { outbox, reports } = openOutbox({ folder: disk.folder });
    const queued = outbox.putMany([framesEntry(1_000), agentEntry('agent')]);
    const filler = join(disk.folder, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024))).toThrow('ENOSPC');

    const numbers = Array.from({ length: 50 }, () => outbox.put(framesEntry(20_000)));
    expect(numbers.slice(-10)).toEqual(Array(10).fill(0));
    expect(outbox.counters.dropped).toBe(numbers.filter((number) => number === 0).length);
    expect(() => outbox.put(agentEntry('agent', 20_000))).toThrow(
      expect.objectContaining({ code: 'TACHO_OUTBOX_FULL' }),
    );
    expect(reports).toMatchObject([
      { level: 'error', details: { reason: expect.stringContaining('the disk is full') } },
    ]);
    expect(outbox.trouble).toContain('the disk is full');

    rmSync(filler);
    const later = outbox.put(framesEntry(20_000));
    expect(later).toBeGreaterThan(0);
    expect(reports.slice(1)).toEqual([
      { level: 'info', message: 'the outbox has room again', details: { dropped: outbox.counters.dropped } },
    ]);
    outbox.close();
    const kept = openOutbox({ folder: disk.folder }).outbox.take(EVERYTHING);
    expect(names(kept)).toEqual(
      expect.arrayContaining([
        'local 1',
        'agent 1',
        ...numbers.filter((number) => number > 0).map((n) => `local ${n}`),
      ]),
    );
    expect(names(kept)).toContain(`local ${later}`);
    expect(queued).toEqual([1, 1]);
  });

  it('does not lose a batch whose release finds no room', ({ skip }) => {
    const disk = smallDisk();
    if ('reason' in disk) return skip(`a small file system cannot be mounted here: ${disk.reason}`);
    const { outbox } = openOutbox({ folder: disk.folder });
    outbox.putMany(Array.from({ length: 10 }, () => framesEntry(10_000)));
    const filler = join(disk.folder, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024))).toThrow('ENOSPC');
    while (outbox.put(framesEntry(100)) > 0);
    const taken = outbox.take(EVERYTHING);
    expect(() => outbox.release(taken)).toThrow(expect.objectContaining({ code: 'TACHO_OUTBOX_FULL' }));
    expect(outbox.take(EVERYTHING)).toEqual(taken);
    rmSync(filler);
    outbox.release(taken);
    expect(outbox.depth().batches).toBe(0);
  });
});
