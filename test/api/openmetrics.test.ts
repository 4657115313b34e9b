import { expect, test } from 'vitest';
import { openMetrics } from '../../src/api/operations/openmetrics.ts';
import { Catalogue } from '../../src/metrics/catalogue.ts';
import type { MetricsView } from '../../src/metrics/view.ts';

const catalogue = new Catalogue([
  {
    name: 'network',
    help: 'Interfaces',
    instanceLabel: 'interface',
    floorIntervalMs: 1,
    fields: [
      { name: 'bytes_sent_total', unit: 'bytes', kind: 'counter', help: 'Bytes sent', resolutionMs: 0, windowMs: 0 },
      {
        name: 'bytes_sent_per_sec',
        unit: 'bytes/s',
        kind: 'rate',
        help: 'Bytes\nsent "now"',
        resolutionMs: 0,
        windowMs: 0,
      },
    ],
  },
]);

test('each field is a metric; instances are labels; what has no value is left out; sums are left to the reader', () => {
  const values: Record<string, number> = { 'we"ird\\': 7, eth0: 12, all: 19 };
  const view: MetricsView = {
    instances: () => Object.keys(values),
    value: (_family, instance, field) => {
      if (field === 'bytes_sent_per_sec') return instance === 'eth0' ? 1.5 : Number.NaN;
      return values[instance] ?? Number.NaN;
    },
  };
  const own = [{ name: 'sampler_ticks', kind: 'counter' as const, help: 'Ticks', samples: [{ value: 3 }] }];
  expect(openMetrics(catalogue, view, own)).toBe(
    [
      '# TYPE tacho_network_bytes_sent counter',
      '# HELP tacho_network_bytes_sent Bytes sent',
      'tacho_network_bytes_sent_total{interface="we\\"ird\\\\"} 7',
      'tacho_network_bytes_sent_total{interface="eth0"} 12',
      '# TYPE tacho_network_bytes_sent_per_sec gauge',
      '# HELP tacho_network_bytes_sent_per_sec Bytes\\nsent \\"now\\"',
      'tacho_network_bytes_sent_per_sec{interface="eth0"} 1.5',
      '# TYPE tacho_sampler_ticks counter',
      '# HELP tacho_sampler_ticks Ticks',
      'tacho_sampler_ticks_total 3',
      '# EOF',
      '',
    ].join('\n'),
  );
});
