import { expect, test } from 'vitest';
import { ownMetrics } from '../../../src/api/operations/own-metrics.ts';
import type { SamplerStats } from '../../../src/collect/addon.ts';
import type { OutboxStatus } from '../../../src/pipeline/outbox-client.ts';

const sampler: SamplerStats = {
  ...{ ticks: 0, late: 0, missed: 0, overruns: 0, gaps: 0, epoch: 0, cpuNs: 0, ringHighWaterWords: 0 },
  ...{ readers: [], families: [] },
};
const outbox: OutboxStatus = {
  ...{ state: 'ok', lastError: null, retries: 0, depth: 0, bytes: 0, maxBytes: 1, oldestAgeMs: 0 },
  ...{ dropped: 0, refused: 0, deadLetters: 0, refusedRows: { cpu: 5, disk: 1 } },
};

test('rows that the store refused are counted by table', () => {
  const stream = { consumers: new Map<string, number>(), skipped: 0, frames: 0, dropped: {} };
  const metrics = ownMetrics({ sampler, outbox, stream, connections: 0 });
  expect(metrics.find(({ name }) => name === 'store_refused_rows')).toMatchObject({
    kind: 'counter',
    samples: [
      { labels: { table: 'cpu' }, value: 5 },
      { labels: { table: 'disk' }, value: 1 },
    ],
  });
});
