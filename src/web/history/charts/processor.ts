import { numberScale } from '../../chart/axes.ts';
import { count, countRate, decimal } from '../../lib/format.ts';
import { CHANNELS } from '../../live/channels.ts';
import { CPU_SPEC } from '../../live/panels/cpu.tsx';
import { messages } from '../../messages.ts';
import type { HistoryChart } from './chart.ts';
import { historyChart, linesOf } from './chart.ts';

const text = messages.history;

export const PROCESSOR_CHARTS: readonly HistoryChart[] = [
  historyChart({
    id: 'cpu',
    title: messages.cpu.title,
    block: 'cpu',
    wide: true,
    draw: (points) => ({
      key: 'cpu',
      spec: CPU_SPEC,
      points: points.map(({ timeMs, data }) => ({ timeMs, values: CHANNELS.cpu.values({ cpu: data }) })),
    }),
  }),
  historyChart({
    id: 'load',
    title: text.load,
    block: 'cpu',
    draw: (points) => {
      const lines = messages.cpu.loadSpans.map((label, index) => ({
        id: `load-${label.split(' ')[0]}`,
        label,
        of: (cpu: (typeof points)[number]['data']) => cpu.load_avg?.[index],
      }));
      return linesOf('load', points, lines, { format: decimal, axisFormat: decimal, scale: (max) => numberScale(max) });
    },
  }),
  historyChart({
    id: 'activity',
    title: text.activity,
    block: 'cpu',
    draw: (points) =>
      linesOf(
        'activity',
        points,
        [
          { id: 'interrupts', label: messages.cpu.interrupts, of: (cpu) => cpu.interrupts },
          { id: 'context-switches', label: messages.cpu.contextSwitches, of: (cpu) => cpu.context_switches },
        ],
        { format: countRate, axisFormat: count, scale: (max) => numberScale(max) },
      ),
  }),
];
