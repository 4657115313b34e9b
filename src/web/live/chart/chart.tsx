import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useApp } from '../../app-context.ts';
import { timeOfDay } from '../../lib/format.ts';
import { messages } from '../../messages.ts';
import { useFeed } from '../feed-context.ts';
import type { Points } from '../points.ts';
import { setText } from '../reading.tsx';
import { splits, timeLabels } from './axes.ts';
import type { ChartSpec } from './options.ts';
import { chartOptions } from './options.ts';
import { forgetColours } from './palette.ts';

/** A time series with its legend, which shows the latest values, or those under the pointer. */
export function Chart({ title, spec, points }: { title: string; spec: ChartSpec; points: Points }) {
  const { zone, scheme } = useApp();
  const { timeline } = useFeed();
  const host = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);

  useLayoutEffect(() => {
    const element = host.current;
    const list = legend.current;
    if (!element || !list) return;
    const cells = [...list.querySelectorAll('[data-value]')];
    const moment = list.querySelector('[data-moment]');

    const showRow = (row: number | null | undefined) => {
      const index = row ?? points.times.length - 1;
      const values = points.columns.map((column) => column[index] ?? null);
      for (const [series, cell] of cells.entries()) setText(cell, spec.format(legendValue(spec, values, series)));
      const time = typeof row === 'number' ? points.times[row] : undefined;
      setText(moment, time === undefined ? '' : timeOfDay(time * 1000, zone.value));
    };

    const chart = new uPlot(
      chartOptions(spec, {
        width: element.clientWidth,
        height: element.clientHeight,
        timeLabels: (times) => timeLabels(times, zone.value),
        splits: (top) => splits(spec.scale(top)),
        onCursor: showRow,
      }),
      [[], ...spec.series.map(() => [])],
      element,
    );
    const unregister = timeline.register((fromMs, toMs) => {
      chart.batch(() => {
        chart.setData([points.times, ...points.columns], false);
        chart.setScale('x', { min: fromMs / 1000, max: toMs / 1000 });
      });
      if (!timeline.hovered.value) showRow(null);
    });
    const hover = () => timeline.hovered.set(true);
    const leave = () => timeline.hovered.set(false);
    // Not pointerenter: that comes, too, when a chart appears under a pointer that nobody moved.
    chart.over.addEventListener('pointermove', hover);
    chart.over.addEventListener('pointerleave', leave);
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    const unwatchZone = zone.subscribe(() => chart.redraw(false, true));
    const unwatchScheme = scheme.subscribe(() => {
      forgetColours();
      chart.redraw(false, true);
    });
    return () => {
      unregister();
      unwatchZone();
      unwatchScheme();
      observer.disconnect();
      leave();
      chart.destroy();
    };
  }, [spec, points, timeline, zone, scheme]);

  const parts = spec.series.map((series) => series.label).join(', ');
  return (
    <div class="chart">
      <ul class="legend" ref={legend}>
        {spec.series.map((series) => (
          <li key={series.label} title={series.hint}>
            <span class={`swatch swatch-${series.colour}`} aria-hidden="true" />
            <span class="legend-label">{series.label}</span>
            <span class="legend-value" data-value data-testid={`legend-${spec.id}-${series.id}`} />
          </li>
        ))}
        <li class="legend-moment" data-moment aria-hidden="true" />
      </ul>
      <div class="plot" ref={host} role="img" aria-label={messages.live.chart(title, parts)} />
    </div>
  );
}

/** Stacked columns include the ones before them; the legend shows each one's own part. */
function legendValue(spec: ChartSpec, values: readonly (number | null)[], series: number): number | null {
  const value = values[series] ?? null;
  if (!spec.stacked || series === 0 || value === null) return value;
  const before = values[series - 1] ?? null;
  return before === null ? null : Math.max(0, value - before);
}
