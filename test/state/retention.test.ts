import { expect, test } from 'vitest';
import { temporaryState } from './temporary.ts';

const COUNTS = { downsampledRows: 1, deletedRows: 2, archivedRows: 3, archivedFiles: 4, archivedBytes: 5 };
const START = '2026-01-05T03:00:00Z';
const END = '2026-01-05T03:00:09Z';

test('a run is kept with what it did; one that did not end has no end', () => {
  const { retentionRuns } = temporaryState();
  const id = retentionRuns.begin(START);
  retentionRuns.end({ id, ...COUNTS, finishedAt: END, problem: 'the disk was full' });
  retentionRuns.begin('2026-01-06T03:00:00Z');
  expect(retentionRuns.list()).toEqual([
    {
      ...{ id: 2, startedAt: '2026-01-06T03:00:00Z', finishedAt: null, problem: null },
      ...{ downsampledRows: 0, deletedRows: 0, archivedRows: 0, archivedFiles: 0, archivedBytes: 0 },
    },
    { id: 1, ...COUNTS, startedAt: START, finishedAt: END, problem: 'the disk was full' },
  ]);
});

test('the last 100 runs are kept', () => {
  const { retentionRuns } = temporaryState();
  for (let run = 0; run < 103; run++) retentionRuns.begin(START);
  const ids = retentionRuns.list().map(({ id }) => id);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, 103, 4]);
});

test('a hold is in force until its time, then forgotten', () => {
  const { archiveHolds } = temporaryState();
  const hold = { table: 'cpu', fromDay: '2026-01-05', toDay: '2026-01-07', until: END };
  archiveHolds.add([hold, { ...hold, table: 'disk', until: '2026-02-01T00:00:00Z' }]);
  expect(archiveHolds.active(START).map(({ table }) => table)).toEqual(['cpu', 'disk']);
  expect(archiveHolds.active(END).map(({ table }) => table)).toEqual(['disk']);
  archiveHolds.removeExpired(END);
  expect(archiveHolds.active(START)).toEqual([{ ...hold, table: 'disk', until: '2026-02-01T00:00:00Z' }]);
});

test('settings know when one of them was last set', () => {
  const { settings } = temporaryState();
  expect(settings.lastSet(['a', 'b'])).toBeNull();
  settings.put({ a: 1, c: 1 }, START);
  settings.put({ b: 1 }, END);
  expect([settings.lastSet(['a', 'b']), settings.lastSet(['a', 'x']), settings.lastSet([])]).toEqual([
    END,
    START,
    null,
  ]);
});
