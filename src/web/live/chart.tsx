import { useMemo } from 'preact/hooks';
import type { ChartStyle } from '../chart/chart.tsx';
import { Chart } from '../chart/chart.tsx';
import type { ChartSpec } from '../chart/options.ts';
import type { ChartSource } from '../chart/source.ts';
import { clockAxis } from '../chart/time-axis.ts';
import { timeOfDay } from '../lib/format.ts';
import { useFeed } from './feed-context.ts';
import type { Points } from './points.ts';

const STYLE: ChartStyle = {
  sync: 'live',
  axis: clockAxis,
  idle: 'latest',
  moment: (time, zone) => timeOfDay(time * 1000, zone),
};

/** A chart that moves with the host's clock, and stands still under the pointer. */
export function LiveChart({ title, spec, points }: { title: string; spec: ChartSpec; points: Points }) {
  const { timeline } = useFeed();
  const source = useMemo<ChartSource>(
    () => ({
      register: (draw) =>
        timeline.register((fromMs, toMs) =>
          draw({ times: points.times, columns: points.columns, from: fromMs / 1000, to: toMs / 1000 }),
        ),
      hover: (over) => timeline.hovered.set(over),
    }),
    [timeline, points],
  );
  return <Chart title={title} spec={spec} source={source} style={STYLE} />;
}
