import { describe, expect, test } from 'vitest';
import { type PeriodQuery, periodsOf } from '../../../src/api/perfwatch/compare-periods.ts';
import { summarise } from '../../../src/api/perfwatch/compare-summary.ts';
import { isoFromUs, usFromIso } from '../../../src/api/time.ts';
import { HttpError } from '../../../src/http/errors.ts';

const NOW_US = usFromIso('2026-01-21T15:00:00.250Z') as number;

function shown(query: PeriodQuery) {
  const { current, comparison, ...rest } = periodsOf(query, NOW_US);
  const range = ({ fromUs, toUs }: typeof current) => [isoFromUs(fromUs), isoFromUs(toUs)];
  return { ...rest, current: range(current), comparison: range(comparison) };
}

describe('periodsOf', () => {
  test.each([
    ['hour', 'yesterday', '2026-01-21T14:00:00.250Z', '2026-01-20T14:00:00.250Z', '2026-01-20T15:00:00.250Z'],
    ['day', 'yesterday', '2026-01-20T15:00:00.250Z', '2026-01-19T15:00:00.250Z', '2026-01-20T15:00:00.250Z'],
    ['week', 'last_week', '2026-01-14T15:00:00.250Z', '2026-01-07T15:00:00.250Z', '2026-01-14T15:00:00.250Z'],
    ['hour', 'last_week', '2026-01-21T14:00:00.250Z', '2026-01-14T14:00:00.250Z', '2026-01-14T15:00:00.250Z'],
  ] as const)('the last %s and the same of %s', (period, compare_to, start, startBefore, endBefore) => {
    expect(shown({ period, compare_to })).toEqual({
      period,
      compare_to,
      current: [start, '2026-01-21T15:00:00.250Z'],
      comparison: [startBefore, endBefore],
    });
  });

  const CUSTOM = {
    start_time_1: '2026-01-20T10:00:00Z',
    end_time_1: '2026-01-20T12:00:00Z',
    start_time_2: '2026-01-21T11:00:00+01:00',
    end_time_2: '2026-01-21T13:00:00+01:00',
  };

  test('given ones: the first is current, and zones count', () => {
    expect(shown(CUSTOM)).toEqual({
      period: 'custom',
      compare_to: 'custom',
      current: ['2026-01-20T10:00:00Z', '2026-01-20T12:00:00Z'],
      comparison: ['2026-01-21T10:00:00Z', '2026-01-21T12:00:00Z'],
    });
  });

  const { end_time_2: _, ...threeOfFour } = CUSTOM;
  test.each<[string, PeriodQuery]>([
    ['period: is required', {}],
    ['start_time_1', {}],
    ['period: is required', { compare_to: 'yesterday' }],
    ['compare_to: is required', { period: 'hour' }],
    ['start_time_1: cannot be given together with period', { ...CUSTOM, period: 'hour', compare_to: 'yesterday' }],
    ['end_time_2: cannot be given together with compare_to', { compare_to: 'yesterday', end_time_2: '2026-01-01' }],
    ['end_time_2: is required', threeOfFour],
    ['start_time_1: is required', { end_time_2: '2026-01-01' }],
    ['start_time_2: must be an ISO 8601 date-time', { ...CUSTOM, start_time_2: 'yesterday' }],
    ['start_time_2: must be an ISO 8601 date-time', { ...CUSTOM, start_time_2: '' }],
    ['end_time_1: must be an ISO 8601 date-time', { ...CUSTOM, end_time_1: '2026-02-30T10:00:00Z' }],
    ['end_time_1: must lie in the years', { ...CUSTOM, end_time_1: '9999-01-01' }],
    ['end_time_1: must be later than start_time_1', { ...CUSTOM, end_time_1: CUSTOM.start_time_1 }],
    ['end_time_2: must be later than start_time_2', { ...CUSTOM, end_time_2: '2026-01-21T09:00:00Z' }],
    ['end_time_2: both periods must have the same duration', { ...CUSTOM, end_time_2: '2026-01-21T12:00:00.000001Z' }],
  ])('refuses with "%s": %j', (detail, query) => {
    expect(() => periodsOf(query, NOW_US)).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining(detail), constructor: HttpError }),
    );
  });
});

describe('summarise', () => {
  test('says by how many percent the current mean differs', () => {
    expect(summarise([52.3], [45.8])).toEqual({ current_avg: 52.3, comparison_avg: 45.8, change_percent: 14.192 });
    expect(summarise([45], [50])).toMatchObject({ change_percent: -10 });
  });

  test.each([
    [[1], [0], { current_avg: 1, comparison_avg: 0, change_percent: null }],
    [[0], [0], { current_avg: 0, comparison_avg: 0, change_percent: null }],
    [[Number.NaN], [1], { current_avg: null, comparison_avg: 1, change_percent: null }],
    [[1], [Number.NaN], { current_avg: 1, comparison_avg: null, change_percent: null }],
    [[], [], { current_avg: null, comparison_avg: null, change_percent: null }],
  ])('%j compared with %j has no percentage', (current, comparison, summary) => {
    expect(summarise(current, comparison)).toEqual(summary);
  });

  test('compares figures of one kind only: the first that both periods have', () => {
    const [ipc, clockBefore, clock] = [1.5, 800, 1_000];
    expect(summarise([ipc, clock], [Number.NaN, clockBefore])).toMatchObject({
      current_avg: clock,
      change_percent: 25,
    });
    expect(summarise([ipc, Number.NaN], [Number.NaN, clockBefore])).toMatchObject({
      current_avg: ipc,
      comparison_avg: null,
      change_percent: null,
    });
  });
});
