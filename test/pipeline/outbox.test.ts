import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packEntry } from '../../src/pipeline/outbox-entry.ts';
import { OutboxFullError } from '../../src/pipeline/outbox-errors.ts';
import type { StoreBatch } from '../../src/store/contract.ts';
import { agentEntry, framesEntry, names, openOutbox, temporaryFolder } from './fixtures.ts';

const EVERYTHING = Number.MAX_SAFE_INTEGER;
const MiB = 1024 * 1024;

describe('what is queued', () => {
  it('comes out as it went in', () => {
    const { outbox } = openOutbox();
    const payload = Uint8Array.of(0, 1, 2, 255);
    const frames: StoreBatch['content'] = { kind: 'frames', collector: 7, payload };
    const events: StoreBatch['content'] = {
      kind: 'events',
      table: { name: 'org_metrics', columns: { name: 'text', tags: 'json', value: 'double' } },
      rows: [
        { id: 'a', timestampUs: 1_763_800_000_000_001, values: { name: 'ü "\n\0', tags: '{"a":[1]}', value: null } },
      ],
    };
    outbox.put(packEntry({ source: 'agent:7', policy: 'refuse', content: frames }));
    outbox.put(packEntry({ source: 'metrics', policy: 'refuse', content: events }));
    expect(outbox.take(EVERYTHING)).toEqual([
      { source: 'agent:7', spool: outbox.spool, number: 1, content: frames },
      { source: 'metrics', spool: outbox.spool, number: 1, content: events },
    ]);
  });

  it('is still there after a restart, under the same spool and numbers', () => {
    const folder = temporaryFolder();
    const first = openOutbox({ folder }).outbox;
    first.putMany([framesEntry(10), framesEntry(20), agentEntry('agent')]);
    const before = first.take(EVERYTHING);
    first.close();
    const again = openOutbox({ folder }).outbox;
    expect(again.take(EVERYTHING)).toEqual(before);
    expect(again.put(framesEntry(10))).toBe(3);
  });

  it('is counted', () => {
    const { outbox } = openOutbox();
    expect(outbox.depth()).toEqual({ batches: 0, bytes: 0, oldestMs: null, bySource: {} });
    const before = Date.now();
    outbox.putMany([framesEntry(1000), framesEntry(2000), agentEntry('agent', 500)]);
    const { batches, bytes, oldestMs, bySource } = outbox.depth();
    expect(batches).toBe(3);
    expect(bytes).toBeGreaterThan(3500);
    expect(oldestMs).toBeGreaterThanOrEqual(before);
    expect(bySource['local']).toMatchObject({ batches: 2 });
    expect(bySource['local']!.bytes + bySource['agent']!.bytes).toBe(bytes);
    outbox.release(outbox.take(EVERYTHING));
    expect(outbox.depth()).toEqual({ batches: 0, bytes: 0, oldestMs: null, bySource: {} });
  });

  it('is counted the same after a restart', () => {
    const folder = temporaryFolder();
    const first = openOutbox({ folder }).outbox;
    first.putMany([framesEntry(1000), agentEntry('agent', 500)]);
    const depth = first.depth();
    first.close();
    expect(openOutbox({ folder }).outbox.depth()).toEqual(depth);
  });
});

describe('numbers', () => {
  it('start at 1 for each source and go on when the queue is empty, and after a restart', () => {
    const folder = temporaryFolder();
    const first = openOutbox({ folder }).outbox;
    expect(first.putMany([framesEntry(1), agentEntry('a'), framesEntry(1), agentEntry('b')])).toEqual([1, 1, 2, 1]);
    first.release(first.take(EVERYTHING));
    expect(first.put(framesEntry(1))).toBe(3);
    first.release(first.take(EVERYTHING));
    first.close();
    const again = openOutbox({ folder }).outbox;
    expect([again.put(framesEntry(1)), again.put(agentEntry('a'))]).toEqual([4, 2]);
  });

  it('go on past the numbers that one fsync reserves', () => {
    const { outbox } = openOutbox();
    const numbers = Array.from({ length: 1_005 }, () => outbox.put(framesEntry(1)));
    expect(numbers).toEqual(Array.from({ length: 1_005 }, (_, index) => index + 1));
    expect(outbox.putMany(Array.from({ length: 3_000 }, () => framesEntry(1))).at(-1)).toBe(4_005);
  });

  it('are not used again for what the bound dropped', () => {
    const { outbox } = openOutbox({ maxBytes: 10_000 });
    const numbers = Array.from({ length: 30 }, () => outbox.put(framesEntry(1_000)));
    expect(new Set(numbers).size).toBe(30);
    const kept = outbox.take(EVERYTHING).map(({ number }) => number);
    expect(kept).toEqual(numbers.slice(-kept.length));
  });
});

describe('take', () => {
  it('serves sources in turn, each in the order of its numbers', () => {
    const { outbox } = openOutbox();
    outbox.putMany([framesEntry(1), framesEntry(1), framesEntry(1), agentEntry('a'), agentEntry('b'), agentEntry('b')]);
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 1', 'a 1', 'b 1', 'local 2', 'b 2', 'local 3']);
  });

  it('lets a backlog of one source hold up no other', () => {
    const { outbox } = openOutbox();
    outbox.putMany(Array.from({ length: 500 }, () => framesEntry(1_000)));
    outbox.put(agentEntry('late'));
    expect(names(outbox.take(5_000))).toContain('late 1');
  });

  it('goes on with the source whose turn it was', () => {
    const { outbox } = openOutbox();
    outbox.putMany(['a', 'b', 'c', 'a', 'b', 'c'].map((source) => agentEntry(source, 1_000)));
    const served: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const batches = outbox.take(1);
      served.push(...names(batches));
      outbox.release(batches);
    }
    expect(served).toEqual(['a 1', 'b 1', 'c 1', 'a 2', 'b 2', 'c 2']);
  });

  it('keeps to its bytes, but always gives one batch', () => {
    const { outbox } = openOutbox();
    outbox.putMany(Array.from({ length: 10 }, () => framesEntry(10_000)));
    expect(outbox.take(35_000)).toHaveLength(3);
    expect(outbox.take(1)).toHaveLength(1);
    expect(openOutbox().outbox.take(1)).toEqual([]);
  });

  it('gives the same again until it is released', () => {
    const { outbox } = openOutbox();
    outbox.putMany([framesEntry(1), framesEntry(1)]);
    const taken = outbox.take(EVERYTHING);
    expect(outbox.take(EVERYTHING)).toEqual(taken);
    outbox.release(taken.slice(1));
    expect(outbox.take(EVERYTHING)).toEqual(taken.slice(0, 1));
  });
});

describe('release', () => {
  it('passes over what is not there, and what is of another spool', () => {
    const { outbox } = openOutbox();
    outbox.putMany([framesEntry(1), framesEntry(1)]);
    const [first, second] = outbox.take(EVERYTHING);
    outbox.release([first!]);
    outbox.release([first!, { ...second!, spool: 'another' }, { ...second!, source: 'nobody' }]);
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 2']);
    expect(outbox.depth().batches).toBe(1);
  });

  it('takes only the batches it was given, not the numbers between them', () => {
    const { outbox } = openOutbox();
    outbox.putMany(Array.from({ length: 5 }, () => framesEntry(1)));
    const taken = outbox.take(EVERYTHING);
    outbox.release([taken[0]!, taken[2]!, taken[3]!]);
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 2', 'local 5']);
  });

  it('tells when everything up to an arrival has left', () => {
    const { outbox } = openOutbox();
    expect(outbox.hasLeft(outbox.lastArrival)).toBe(true);
    outbox.putMany([framesEntry(1), agentEntry('a')]);
    const mark = outbox.lastArrival;
    const taken = outbox.take(EVERYTHING);
    outbox.put(framesEntry(1));
    outbox.release(taken.slice(1));
    expect(outbox.hasLeft(mark)).toBe(false);
    outbox.release(taken);
    expect(outbox.hasLeft(mark)).toBe(true);
    expect(outbox.hasLeft(outbox.lastArrival)).toBe(false);
  });

  it('gives the disk space of a backlog back', () => {
    const { outbox, path } = openOutbox();
    for (let round = 0; round < 20; round += 1) outbox.putMany(Array.from({ length: 50 }, () => framesEntry(40_000)));
    const ofFile = (): number => statSync(path).size + statSync(`${path}-wal`).size;
    expect(ofFile()).toBeGreaterThan(38 * MiB);
    while (outbox.depth().batches > 0) outbox.release(outbox.take(4 * MiB));
    expect(ofFile()).toBeLessThan(1 * MiB);
    expect(outbox.put(framesEntry(1))).toBe(1_001);
  });

  it('keeps file and WAL small while little waits', () => {
    const { outbox, path } = openOutbox();
    for (let round = 0; round < 300; round += 1) {
      outbox.putMany(Array.from({ length: 10 }, () => framesEntry(8_000)));
      outbox.release(outbox.take(EVERYTHING));
    }
    expect(statSync(path).size).toBeLessThan(1 * MiB);
    expect(statSync(`${path}-wal`).size).toBeLessThan(5 * MiB);
  });
});

describe('past the bound', () => {
  const maxBytes = 50_000;

  it('the oldest local samples go, counted, and reported once', () => {
    const { outbox, reports } = openOutbox({ maxBytes });
    const numbers = Array.from({ length: 100 }, () => outbox.put(framesEntry(2_000)));
    const kept = outbox.take(EVERYTHING).map(({ number }) => number);
    expect(kept).toEqual(numbers.slice(-kept.length));
    expect(kept.length).toBeGreaterThan(15);
    expect(outbox.depth().bytes).toBeLessThanOrEqual(maxBytes);
    expect(outbox.counters).toEqual({ dropped: 100 - kept.length, refused: 0 });
    expect(reports).toMatchObject([{ level: 'error', message: expect.stringContaining('dropped') }]);
    expect(outbox.trouble).toContain('full');
  });

  it('the end of the shortage is reported once too', () => {
    const { outbox, reports } = openOutbox({ maxBytes });
    for (let count = 0; count < 100; count += 1) outbox.put(framesEntry(2_000));
    const dropped = outbox.counters.dropped;
    outbox.release(outbox.take(EVERYTHING));
    outbox.putMany([framesEntry(1), framesEntry(1)]);
    outbox.put(framesEntry(1));
    expect(reports.slice(1)).toEqual([{ level: 'info', message: 'the outbox has room again', details: { dropped } }]);
    expect(outbox.trouble).toBeNull();
  });

  it('samples and captured request logs go in the order in which they came, whoever puts', () => {
    const { outbox } = openOutbox({ maxBytes });
    const requestLog = (): number => outbox.put(framesEntry(2_000, { source: 'requests' }));
    for (let count = 0; count < 30; count += 1) {
      outbox.put(framesEntry(2_000));
      requestLog();
    }
    const { bySource, batches } = outbox.depth();
    expect(Math.abs(bySource['local']!.batches - bySource['requests']!.batches)).toBeLessThanOrEqual(1);
    expect(outbox.counters.dropped).toBe(60 - batches);
  });

  it("agents' batches are refused and never dropped", () => {
    const { outbox } = openOutbox({ maxBytes });
    let accepted = 0;
    const refusal = (() => {
      for (;;) {
        try {
          outbox.put(agentEntry('agent', 2_000));
          accepted += 1;
        } catch (error) {
          return error;
        }
      }
    })();
    expect(refusal).toBeInstanceOf(OutboxFullError);
    expect(refusal).toMatchObject({ code: 'TACHO_OUTBOX_FULL' });
    expect(outbox.counters).toEqual({ dropped: 0, refused: 1 });
    expect([outbox.put(framesEntry(2_000)), outbox.put(framesEntry(2_000))]).toEqual([0, 0]);
    expect(outbox.counters.dropped).toBe(2);
    expect(outbox.take(EVERYTHING)).toHaveLength(accepted);
  });

  it('several at once are queued all or none', () => {
    const { outbox } = openOutbox({ maxBytes });
    const many = Array.from({ length: 30 }, () => agentEntry('agent', 2_000));
    expect(() => outbox.putMany(many)).toThrow(OutboxFullError);
    expect(outbox.depth().batches).toBe(0);
    expect(outbox.putMany(many.slice(0, 10))).toHaveLength(10);
  });

  it('an entry larger than the bound is dropped, and nothing for its sake', () => {
    const { outbox } = openOutbox({ maxBytes });
    outbox.put(framesEntry(100));
    expect(outbox.put(framesEntry(2 * maxBytes))).toBe(0);
    expect(outbox.depth().batches).toBe(1);
  });
});

describe('a batch that the store refuses for good', () => {
  it('leaves the queue and stays in the file with its reason', () => {
    const folder = temporaryFolder();
    const { outbox, reports } = openOutbox({ folder });
    outbox.putMany([framesEntry(10), framesEntry(20)]);
    outbox.bury(outbox.take(EVERYTHING)[0]!, { code: 'TACHO_BAD_FRAME', message: 'frame at word 0' });
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 2']);
    expect(outbox.depth().batches).toBe(1);
    expect(reports).toMatchObject([
      { level: 'error', details: { source: 'local', number: 1, code: 'TACHO_BAD_FRAME' } },
    ]);
    expect(outbox.deadLetters).toBe(1);
    outbox.close();
    expect(openOutbox({ folder }).outbox.deadLetters).toBe(1);
  });

  it('goes when newer ones need the room', () => {
    const { outbox } = openOutbox();
    for (let count = 0; count < 20; count += 1) {
      outbox.put(framesEntry(1 * MiB));
      outbox.bury(outbox.take(1)[0]!, { code: 'TACHO_BAD_FRAME', message: '' });
    }
    expect(outbox.deadLetters).toBe(16);
    expect(outbox.depth().batches).toBe(0);
  });
});

describe('the stamp of the newest frame', () => {
  it('is known after a restart, whether the frame still waits or not', () => {
    const folder = temporaryFolder();
    const first = openOutbox({ folder }).outbox;
    expect(first.lastTimestampUs('local')).toBeNull();
    first.put(framesEntry(1, { lastTimestampUs: 1_763_800_000_000_000 }));
    first.put(framesEntry(1, { lastTimestampUs: 1_763_700_000_000_001 }));
    first.close();
    const second = openOutbox({ folder }).outbox;
    expect(second.lastTimestampUs('local')).toBe(1_763_700_000_000_001);
    second.release(second.take(EVERYTHING));
    second.close();
    expect(openOutbox({ folder }).outbox.lastTimestampUs('local')).toBe(1_763_700_000_000_001);
  });
});
