import { expect, test } from 'vitest';
import { givesUpData, lossesOf, notesOf, previewOf } from '../../../src/web/settings/consequences.ts';
import { dayText, momentText } from '../../../src/web/settings/moments.ts';
import { SETTINGS } from './fixture.ts';

const PREVIEW = {
  downsample_before: '2026-11-20T00:00:00Z',
  downsample_count: 0,
  delete_before: '2026-11-01T00:00:00Z',
  delete_count: 0,
  archive_enabled: true,
  oldest_record: null,
};
const inUtc = (iso: string) => dayText(iso, 'utc');

test.each([
  [{ retention_days: 29 }, true],
  [{ downsample_after_days: 6 }, true],
  [{ archive_enabled: false }, true],
  [{ retention_days: 31, downsample_after_days: 8, downsample_interval: '5m' as const }, false],
  [{ sampling_interval_seconds: 1, cleanup_interval_minutes: 60, cleanup_enabled: false }, false],
])('%j gives up data: %s', (change, expected) => {
  const next = { ...SETTINGS, ...change };
  expect(givesUpData(SETTINGS, next)).toBe(expected);
  expect(previewOf(SETTINGS, next) !== null).toBe(expected);
});

test('so does a clean-up that starts to run by itself', () => {
  expect(givesUpData({ ...SETTINGS, cleanup_enabled: false }, SETTINGS)).toBe(true);
});

test('deleting and condensing are told with counts and dates, and whether the archive has them', () => {
  const preview = { ...PREVIEW, delete_count: 12_345, downsample_count: 1 };
  expect(lossesOf(SETTINGS, preview, inUtc)).toEqual([
    'The next clean-up will delete 12,345 rows from before 1 Nov 2026 (they are written to the archive first).',
    'It will condense 1 row from before 20 Nov 2026 into one value per hour.',
  ]);
  const withoutArchive = { ...SETTINGS, archive_enabled: false, downsample_interval: '5m' as const };
  expect(lossesOf(withoutArchive, { ...preview, downsample_count: 0 }, inUtc)).toEqual([
    'The next clean-up will delete 12,345 rows from before 1 Nov 2026 for good: the archive is off.',
  ]);
  expect(lossesOf(withoutArchive, { ...preview, delete_count: 0 }, inUtc)).toEqual([
    'The next clean-up will condense 1 row from before 20 Nov 2026 into one value per 5 minutes.',
  ]);
  expect(lossesOf(SETTINGS, PREVIEW, inUtc)).toEqual(['The next clean-up finds nothing yet that this applies to.']);
});

test('what does not come back, and what does not happen by itself, is said', () => {
  const notes = (change: object) => notesOf(SETTINGS, { ...SETTINGS, ...change });
  expect(notes({ retention_days: 60 })).toEqual([expect.stringContaining('What is gone stays gone')]);
  expect(notes({ downsample_after_days: 10 })).toEqual([expect.stringContaining('What is condensed stays condensed')]);
  expect(notes({ archive_enabled: false })).toEqual([expect.stringContaining('gone for good')]);
  expect(notes({ downsample_interval: '5m' })).toEqual([expect.stringContaining('keeps its interval')]);
  expect(notes({ retention_days: 20, cleanup_enabled: false })).toEqual([expect.stringContaining('does not run')]);
  expect(notes({ sampling_interval_seconds: 1 })).toEqual([]);
});

test('a day is a date where it begins at midnight, and has its time where it does not', () => {
  expect(dayText('2026-11-01T00:00:00Z', 'utc')).toBe('1 Nov 2026');
  expect(dayText('2026-11-01T05:30:00Z', 'utc')).toBe('1 Nov 2026 05:30');
  expect(momentText('2026-11-01T05:30:59.500Z', 'utc')).toBe('1 Nov 2026 05:30');
});
