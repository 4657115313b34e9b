import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useApp } from '../app-context.ts';
import type { Zone } from '../lib/format.ts';
import { messages } from '../messages.ts';
import { setText } from '../ui/text.ts';
import { splits } from './axes.ts';
import { averages, legendValues } from './legend.ts';
import type { ChartSpec, Zoom } from './options.ts';
import { chartOptions } from './options.ts';
import { forgetColours } from './palette.ts';
import type { ChartSource, Frame } from './source.ts';
import type { TimeAxis } from './time-axis.ts';
import { bindTouch } from './touch.ts';

/** How the charts of one view behave. */
export interface ChartStyle {
  /** Charts of the same name share their crosshair. */
  sync: string;
  axis: TimeAxis;
  /** What the legend shows while the pointer is on no chart. */
  idle: 'latest' | 'average';
  /** The text beside the legend for a place on the horizontal axis. */
  moment(time: number, zone: Zone): string;
}

interface ChartProps {
  title: string;
  /** Another object makes another chart. */
  spec: ChartSpec;
  source: ChartSource;
  style: ChartStyle;
  zoom?: Zoom;
  /** Shown in place of the lines. */
  children?: ComponentChildren;
}

const NOTHING: Frame = { times: [], columns: [], from: 0, to: 1 };

/** A time series with its legend, which shows the values under the pointer, or else the latest or average ones. */
export function Chart(props: ChartProps) {
  const { title, spec, source, children } = props;
  const { zone, scheme } = useApp();
  const host = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const latest = useRef(props);
  latest.current = props;

  useLayoutEffect(() => {
    const element = host.current;
    const list = legend.current;
    if (!element || !list) return;
    const { style, zoom } = latest.current;
    const cells = [...list.querySelectorAll('[data-value]')];
    const moment = list.querySelector('[data-moment]');
    let frame = NOTHING;

    const showRow = (row: number | null | undefined) => {
      const time = typeof row === 'number' ? frame.times[row] : undefined;
      const idle = time === undefined;
      const values =
        idle && style.idle === 'average'
          ? averages(spec, frame.columns)
          : legendValues(spec, frame.columns, row ?? frame.times.length - 1);
      for (const [series, cell] of cells.entries()) setText(cell, spec.format(values[series]));
      const idleText = style.idle === 'average' ? messages.chart.average : '';
      setText(moment, idle ? idleText : latest.current.style.moment(time, zone.value));
    };

    const chart = new uPlot(
      chartOptions(spec, {
        width: element.clientWidth,
        height: element.clientHeight,
        axis: style.axis,
        sync: style.sync,
        utc: () => zone.value === 'utc',
        timeLabels: (times, step) => style.axis.labels(times, step, zone.value),
        splits: (top) => splits(spec.scale(top)),
        onCursor: showRow,
        zoom: zoom && {
          select: (from, to) => latest.current.zoom?.select(from, to),
          undo: () => latest.current.zoom?.undo(),
        },
      }),
      [[], ...spec.series.map(() => [])],
      element,
    );
    const hovered = () => (chart.cursor.left ?? -1) >= 0;
    const unregister = source.register((next) => {
      frame = next;
      chart.batch(() => {
        chart.setData([frame.times, ...frame.columns], false);
        chart.setScale('x', { min: frame.from, max: frame.to });
      });
      showRow(hovered() ? chart.cursor.idx : null);
    });
    const hover = () => source.hover?.(true);
    const leave = () => source.hover?.(false);
    // Not pointerenter: that comes, too, when a chart appears under a pointer that nobody moved.
    chart.over.addEventListener('pointermove', hover);
    chart.over.addEventListener('pointerleave', leave);
    if (zoom) bindTouch(chart.over);
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
  }, [spec, source, zone, scheme]);

  const parts = spec.series.map((series) => series.label).join(', ');
  return (
    <div class="chart" data-zoomable={props.zoom !== undefined}>
      <ul class="legend" ref={legend}>
        {spec.series.map((series) => (
          <li key={series.id} title={series.hint}>
            <span class={`swatch swatch-${series.colour}`} data-dashed={series.dashed} aria-hidden="true" />
            <span class="legend-label">{series.label}</span>
            <span class="legend-value" data-value data-testid={`legend-${spec.id}-${series.id}`} />
          </li>
        ))}
        <li class="legend-moment" data-moment aria-hidden="true" />
      </ul>
      <div class="plot" ref={host} role="img" aria-label={messages.chart.label(title, parts)} />
      {children && <div class="plot-note">{children}</div>}
    </div>
  );
}
