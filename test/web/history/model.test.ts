import { expect, test } from 'vitest';
import { BLOCK_NAMES } from '../../../src/web/history/blocks.ts';
import { HistoryModel } from '../../../src/web/history/model.ts';
import { parseQuery } from '../../../src/web/history/query.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 30);
const SETTINGS = { sampling_interval_seconds: 5, downsample_after_days: 7, downsample_interval: '1h' };

/** A model before a daemon that notes what it is asked. */
function modelBefore(answers: Record<string, unknown>) {
  const asked: URL[] = [];
  const get = async <T>(path: string): Promise<T> => {
    const url = new URL(path, 'http://host');
    asked.push(url);
    const answer = answers[url.pathname];
    if (answer instanceof Error) throw answer;
    return answer as T;
  };
  const history = () =>
    asked.filter(({ pathname }) => pathname === '/api/history/metrics').map((url) => url.searchParams);
  return { model: new HistoryModel({ get, now: () => NOW }), history };
}

const EMPTY = { '/api/config': SETTINGS, '/api/history/metrics': { data_points: [] } };

test('each block is asked for once, in whole buckets', async () => {
  const { model, history } = modelBefore(EMPTY);
  await model.show(parseQuery('range=1h'));
  expect(history().map((query) => query.get('metric_type'))).toEqual(BLOCK_NAMES);
  expect(Object.fromEntries(history()[0] ?? [])).toEqual({
    metric_type: 'cpu',
    start_time: '2026-11-23T13:30:00.000Z',
    end_time: '2026-11-23T14:30:00.000Z',
    interval: '1m',
    limit: '10000',
  });
});

test('all there is begins with the oldest record, and is drawn as coarsely as it is stored', async () => {
  const { model, history } = modelBefore({
    ...EMPTY,
    '/api/config/retention': { oldest_record: '2026-11-10T08:15:00Z' },
  });
  await model.show(parseQuery('range=all'));
  expect(history()[0]?.get('start_time')).toBe('2026-11-10T08:00:00.000Z');
  expect(history()[0]?.get('interval')).toBe('1h');
});

test('an interval that a person chose is kept unless its points would not fit', async () => {
  const { model, history } = modelBefore(EMPTY);
  await model.show(parseQuery('range=6h&interval=5s'));
  expect(history().at(-1)?.get('interval')).toBe('5s');
  await model.show(parseQuery('range=24h&interval=5s'));
  expect(history().at(-1)?.get('interval')).toBe('5m');
  expect(model.shown.value?.automatic).toBe('5m');
});

test('of queries in quick succession only the last is loaded', async () => {
  const { model, history } = modelBefore(EMPTY);
  await Promise.all([model.show(parseQuery('range=1h')), model.show(parseQuery('range=6h'))]);
  expect(history()).toHaveLength(BLOCK_NAMES.length);
  expect(model.shown.value?.query.range).toEqual({ kind: 'last', minutes: 360 });
});

test('without settings and without an oldest record there is still something to show', async () => {
  const { model, history } = modelBefore({
    '/api/config': new Error('no'),
    '/api/config/retention': new Error('no'),
    '/api/history/metrics': { data_points: [] },
  });
  await model.show(parseQuery('range=all'));
  expect(history()).toHaveLength(BLOCK_NAMES.length);
});

test('once stopped, it loads nothing more', async () => {
  const { model, history } = modelBefore(EMPTY);
  const showing = model.show(parseQuery('range=1h'));
  model.stop();
  await showing;
  model.refresh();
  expect(history()).toEqual([]);
});
