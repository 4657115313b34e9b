import { describe, expect, test } from 'vitest';
import { BLOCK_NAMES, type BlockName } from '../../../src/api/perfwatch/blocks.ts';
import { blockPlan } from '../../../src/api/perfwatch/history-points.ts';
import { HistoryView, planView } from '../../../src/api/perfwatch/history-view.ts';
import { loadCatalogue } from '../../../src/collect/frame-source.ts';
import { RuntimeConfig } from '../../../src/state/runtime-config.ts';
import { temporaryState } from '../../state/temporary.ts';

describe('what blocks of the past read', () => {
  const catalogue = loadCatalogue();
  const planOf = (block: BlockName) =>
    blockPlan(
      {
        catalogue,
        host: { core_count: 1, physical_cores: 1 },
        config: new RuntimeConfig(temporaryState()),
        perfEvents: ['msr/tsc/'],
      },
      block,
    );

  test.each(BLOCK_NAMES)('every field that %s reads is one that the sampler has', (block) => {
    for (const [family, { fields }] of planOf(block)) {
      const known = catalogue.family(family).fields.map(({ name }) => name);
      expect(known).toEqual(expect.arrayContaining([...fields]));
    }
  });

  test('fields of every instance are found', () => {
    const plan = planOf('cpu');
    expect(plan.get('cpu')?.fields).toContain('temperature_celsius');
    expect(plan.get('system')?.fields).toContain('load15');
  });

  test('instances are found where they are named', () => {
    expect(planOf('cpu').get('system')?.instances).toEqual(['']);
    expect(planOf('cpu').get('cpu')).not.toHaveProperty('instances');
    expect(planOf('perf_events').get('perf')?.instances).toEqual(['all']);
    expect(planOf('perf_events').get('perf')?.fields).toContain('instructions_per_cycle');
    expect(planOf('perf_events').get('perf_custom')?.instances).toEqual(['msr/tsc/']);
    const total = planView((view) => view.value('network', 'all', 'bytes_sent_per_sec'));
    expect(total.get('network')).toEqual({ fields: ['bytes_sent_per_sec'], instances: ['all'] });
  });
});

describe('HistoryView', () => {
  const view = new HistoryView([
    {
      family: 'cpu',
      fields: ['usage_percent'],
      result: {
        timestampsUs: Float64Array.of(10, 10, 10, 30),
        instances: ['10', '9', 'all'],
        instanceIndex: Uint32Array.of(0, 1, 2, 2),
        columns: [Float64Array.of(1, 2, 3, 4)],
      },
    },
    {
      family: 'system',
      fields: ['load1'],
      result: {
        timestampsUs: Float64Array.of(10, 20),
        instances: [''],
        instanceIndex: Uint32Array.of(0, 0),
        columns: [Float64Array.of(0.5, 0.6)],
      },
    },
  ]);

  test('moves through the buckets of all families in order; a family without a row there has no value', () => {
    expect(view.advance()).toBe(10);
    expect(view.instances('cpu')).toEqual(['9', '10', 'all']);
    expect(view.value('cpu', '9', 'usage_percent')).toBe(2);
    expect(view.value('system', '', 'load1')).toBe(0.5);
    expect(view.advance()).toBe(20);
    expect(view.instances('cpu')).toEqual([]);
    expect(view.value('cpu', '9', 'usage_percent')).toBeNaN();
    expect(view.value('system', '', 'load1')).toBe(0.6);
    expect(view.advance()).toBe(30);
    expect(view.instances('cpu')).toEqual(['all']);
    expect(view.advance()).toBeNull();
  });
});
