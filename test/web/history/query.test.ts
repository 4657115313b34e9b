import { expect, test } from 'vitest';
import type { HistoryQuery } from '../../../src/web/history/query.ts';
import { addressOf, parseQuery } from '../../../src/web/history/query.ts';

const HOUR: HistoryQuery = {
  range: { kind: 'last', minutes: 60 },
  interval: null,
  networkInterface: null,
  device: null,
  event: null,
};

test('without a query the last hour is shown', () => {
  expect(parseQuery('')).toEqual(HOUR);
  expect(parseQuery('range=soon&interval=2m&device=')).toEqual(HOUR);
});

test.each<[HistoryQuery, string]>([
  [HOUR, '/app/history?range=1h'],
  [
    { ...HOUR, interval: '5m', networkInterface: 'eth0', device: 'cciss!c0d0', event: 'branch-misses' },
    '/app/history?range=1h&interval=5m&interface=eth0&device=cciss%21c0d0&event=branch-misses',
  ],
  [
    { ...HOUR, range: { kind: 'fixed', fromMs: Date.UTC(2026, 10, 23, 10), toMs: Date.UTC(2026, 10, 23, 11) } },
    '/app/history?from=2026-11-23T10:00:00Z&to=2026-11-23T11:00:00Z',
  ],
])('%j is %s', (query, address) => {
  expect(addressOf(query)).toBe(address);
  expect(parseQuery(address.split('?')[1] ?? '')).toEqual(query);
});
