import { numberScale } from '../../chart/axes.ts';
import { count, decimal } from '../../lib/format.ts';
import { messages } from '../../messages.ts';
import type { PerfEventsBlock } from '../blocks.ts';
import type { BlockPoint } from '../loader.ts';
import type { HistoryChart } from './chart.ts';
import { historyChart, linesOf } from './chart.ts';

const text = messages.history;

export const eventValue = (perf: PerfEventsBlock, event: string) => perf.events?.[event]?.value;

/** null where either was not counted. */
export function instructionsPerCycle(perf: PerfEventsBlock): number | null {
  const [instructions, cycles] = [eventValue(perf, 'instructions'), eventValue(perf, 'cycles')];
  return instructions && cycles ? instructions / cycles : null;
}

/** The events that counted anything in these points, as the daemon orders them. */
export function countedEvents(points: readonly BlockPoint<PerfEventsBlock>[]): string[] {
  const names = new Set<string>();
  for (const { data } of points)
    for (const [event, { value }] of Object.entries(data.events ?? {})) if (typeof value === 'number') names.add(event);
  return [...names];
}

/** The instructions per cycle where cycles are counted, and the event that is chosen. */
export const PERF_CHARTS: readonly HistoryChart[] = [
  historyChart({
    id: 'ipc',
    title: text.ipc,
    block: 'perf_events',
    draw: (points) => {
      if (!points.some(({ data }) => instructionsPerCycle(data) !== null)) return null;
      const line = { id: 'ipc', label: text.ipc, of: instructionsPerCycle };
      return linesOf('ipc', points, [line], {
        format: decimal,
        axisFormat: decimal,
        scale: (max) => numberScale(max),
      });
    },
  }),
  historyChart({
    id: 'event',
    title: text.event,
    block: 'perf_events',
    draw: (points, choice) => {
      const events = countedEvents(points);
      const event = events.find((name) => name === choice) ?? events[0];
      if (event === undefined) return null;
      const unit = points.find(({ data }) => data.events?.[event])?.data.events?.[event]?.unit ?? '';
      const line = { id: event, label: event, of: (perf: PerfEventsBlock) => eventValue(perf, event) };
      return linesOf('event', points, [{ ...line, colour: 2 }], {
        format: (value) => (unit ? `${count(value)} ${unit}` : count(value)),
        axisFormat: count,
        scale: (max) => numberScale(max),
      });
    },
  }),
];
