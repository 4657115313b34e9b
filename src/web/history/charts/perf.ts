import { numberScale } from '../../chart/axes.ts';
import { count, decimal } from '../../lib/format.ts';
import type { MissName } from '../../live/counters.ts';
import { MISS_NAMES, perThousand } from '../../live/counters.ts';
import { messages } from '../../messages.ts';
import type { PastPerf } from '../blocks.ts';
import type { BlockPoint } from '../loader.ts';
import type { HistoryChart } from './chart.ts';
import { historyChart, linesOf } from './chart.ts';

const text = messages.history;

export const eventValue = (perf: PastPerf, event: string) => perf.events?.[event]?.value;

/** Whether the CPUs counted anything in these points. */
export function hasHardware(points: readonly BlockPoint<PastPerf>[]): boolean {
  return points.some(({ data }) => typeof data.cycles === 'number' || typeof data.instructions === 'number');
}

/** The events that counted anything in these points, as the daemon orders them. */
export function countedEvents(points: readonly BlockPoint<PastPerf>[]): string[] {
  const names = new Set<string>();
  for (const { data } of points)
    for (const [event, { value }] of Object.entries(data.events ?? {})) if (typeof value === 'number') names.add(event);
  return [...names];
}

/** What tells how well the CPUs get on, where they count; and the event that is chosen. */
export const PERF_CHARTS: readonly HistoryChart[] = [
  historyChart({
    id: 'ipc',
    title: text.ipc,
    block: 'perf_events',
    draw: (points) => {
      if (!points.some(({ data }) => typeof data.ipc === 'number')) return null;
      const line = { id: 'ipc', label: text.ipc, of: (perf: PastPerf) => perf.ipc };
      return linesOf('ipc', points, [line], {
        format: decimal,
        axisFormat: decimal,
        scale: (max) => numberScale(max),
      });
    },
  }),
  historyChart({
    id: 'misses',
    title: messages.perf.perThousand,
    block: 'perf_events',
    draw: (points) => {
      const of = (name: MissName) => (perf: PastPerf) => perThousand({ perf, perf_events: perf }, name);
      const counted = MISS_NAMES.filter((name) => points.some(({ data }) => of(name)(data) !== null));
      if (counted.length === 0) return null;
      const lines = counted.map((name) => ({ id: name, label: messages.perf.misses[name], of: of(name) }));
      return linesOf('misses', points, lines, {
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
      const line = { id: event, label: event, of: (perf: PastPerf) => eventValue(perf, event) };
      return linesOf('event', points, [{ ...line, colour: 2 }], {
        format: (value) => (unit ? `${count(value)} ${unit}` : count(value)),
        axisFormat: count,
        scale: (max) => numberScale(max),
      });
    },
  }),
];
