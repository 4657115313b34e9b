import { expect, test } from 'vitest';
import type { CompareQuery } from '../../../src/web/compare/query.ts';
import { addressOf, parseQuery, requestPath } from '../../../src/web/compare/query.ts';

const at = (hour: number) => Date.UTC(2026, 10, 23, hour);
const RELATIVE: CompareQuery = { block: 'cpu', periods: { period: 'hour', against: 'yesterday' } };
const CUSTOM: CompareQuery = { block: 'disk', periods: { fromMs: at(10), toMs: at(12), beforeMs: at(2) } };

test('without a query the last hour of the CPU is compared with that of yesterday', () => {
  expect(parseQuery('')).toEqual(RELATIVE);
  expect(parseQuery('type=rain&period=year&against=tomorrow')).toEqual(RELATIVE);
  expect(parseQuery('from=2026-11-23T12:00:00Z&to=2026-11-23T10:00:00Z&before=2026-11-22T10:00:00Z')).toEqual(RELATIVE);
});

test.each<[CompareQuery, string]>([
  [RELATIVE, '/app/compare?type=cpu&period=hour&against=yesterday'],
  [CUSTOM, '/app/compare?type=disk&from=2026-11-23T10:00:00Z&to=2026-11-23T12:00:00Z&before=2026-11-23T02:00:00Z'],
])('%j is %s', (query, address) => {
  expect(addressOf(query)).toBe(address);
  expect(parseQuery(address.split('?')[1] ?? '')).toEqual(query);
});

test('the second span is asked for with the length of the first', () => {
  const asked = new URL(requestPath(CUSTOM, 100), 'http://host').searchParams;
  expect(Object.fromEntries(asked)).toEqual({
    metric_type: 'disk',
    limit: '100',
    start_time_1: '2026-11-23T10:00:00Z',
    end_time_1: '2026-11-23T12:00:00Z',
    start_time_2: '2026-11-23T02:00:00Z',
    end_time_2: '2026-11-23T04:00:00Z',
  });
});
