import { expect, test } from 'vitest';
import { openMetrics } from '../../src/api/operations/openmetrics.ts';
import { Catalogue } from '../../src/metrics/catalogue.ts';
import type { MetricsView } from '../../src/metrics/view.ts';
import { LiveHub } from '../../src/pipeline/live.ts';
import { frame, layout, ScriptedSource } from '../support/frames.ts';

const catalogue = new Catalogue([
  {
    name: 'network',
    help: 'Interfaces',
    instanceLabel: 'interface',
    floorIntervalMs: 1,
    optIn: false,
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

test('the instances of a family may have more labels than their names', () => {
  const view: MetricsView = { instances: () => ['eth0', 'lo'], value: () => 1 };
  const labels = new Map([['network', (name: string) => (name === 'eth0' ? { alias: 'up"link' } : {})]]);
  const text: string = openMetrics(catalogue, view, [], new Map(labels));
  expect(text).toContain('tacho_network_bytes_sent_per_sec{interface="eth0",alias="up\\"link"} 1\n');
  expect(text).toContain('tacho_network_bytes_sent_per_sec{interface="lo"} 1\n');
});

test('an opt-in family that nobody samples has no metrics, and one that is sampled only those of its newest frame', () => {
  const process = new Catalogue([
    {
      name: 'process',
      help: 'Processes',
      instanceLabel: 'process',
      floorIntervalMs: 1000,
      optIn: true,
      fields: [{ name: 'threads', unit: 'threads', kind: 'gauge', help: 'Threads', resolutionMs: 0, windowMs: 0 }],
    },
  ]);
  const source = new ScriptedSource();
  const hub = new LiveHub(source, [], [{ family: 'process', intervalMs: 10_000 }]);
  hub.follow(1_000);
  const nothing = '# EOF\n';
  expect(openMetrics(process, hub, [])).toBe(nothing);
  const tick = (timestampUs: number, instances: string[]) =>
    source.batch(frame(layout('process', instances, ['threads']), timestampUs, 10_000_000, ...instances.map(() => 3)));
  tick(10_000_000, ['1 root init', '7 eve cc1']);
  tick(20_000_000, ['1 root init']);
  expect(openMetrics(process, hub, []).split('\n').slice(2)).toEqual([
    'tacho_process_threads{process="1 root init"} 3',
    '# EOF',
    '',
  ]);
  tick(30_000_000, []);
  expect(openMetrics(process, hub, [])).toBe(nothing);
});
