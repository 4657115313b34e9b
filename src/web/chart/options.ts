import uPlot from 'uplot';
import type { Figure } from '../lib/format.ts';
import type { Scale } from './axes.ts';
import type { SeriesColour } from './palette.ts';
import { colour } from './palette.ts';
import type { TimeAxis } from './time-axis.ts';

export interface ChartSeries {
  id: string;
  label: string;
  hint?: string;
  colour: SeriesColour;
  /** Whether the area below the line is filled (to the series before it, when stacked). */
  filled: boolean;
  dashed?: boolean;
}

export interface ChartSpec {
  id: string;
  series: readonly ChartSeries[];
  stacked: boolean;
  /** Legend and axis text of a value. */
  format(value: Figure): string;
  axisFormat(value: number): string;
  /** The vertical axis for values up to `max`. */
  scale(max: number): Scale;
}

export interface Zoom {
  /** A span was selected, in the units of the horizontal axis. */
  select(from: number, to: number): void;
  undo(): void;
}

interface ChartDeps {
  width: number;
  height: number;
  axis: TimeAxis;
  /** Charts with the same key share their crosshair. */
  sync: string;
  utc(): boolean;
  timeLabels(times: readonly number[], stepSeconds: number): string[];
  splits(top: number): number[];
  onCursor(row: number | null | undefined): void;
  zoom: Zoom | undefined;
}

const AXIS_WIDTH = 64;
const ROW_HEIGHT = 13;
const FONT = '11px system-ui, "Segoe UI", Roboto, sans-serif';
const FILL = 0.16;
const STACKED_FILL = 0.5;
const DASHES = [5, 4];
/** A shorter drag is a click that slipped. */
const SHORTEST_DRAG_PIXELS = 6;

export function chartOptions(spec: ChartSpec, deps: ChartDeps): uPlot.Options {
  const stroke = (series: ChartSeries) => () => colour(`--series-${series.colour}`);
  const fill = (series: ChartSeries) => () => colour(`--series-${series.colour}`, spec.stacked ? STACKED_FILL : FILL);
  const grid = { stroke: () => colour('--chart-grid'), width: 1 };
  const axis = { stroke: () => colour('--text-muted'), font: FONT, ticks: { show: false } };
  const { zoom } = deps;
  return {
    width: deps.width,
    height: deps.height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => (deps.utc() ? uPlot.tzDate(new Date(seconds * 1000), 'UTC') : new Date(seconds * 1000)),
    cursor: {
      y: false,
      drag: { x: zoom !== undefined, y: false, setScale: false, dist: SHORTEST_DRAG_PIXELS },
      bind: { dblclick: () => () => zoom?.undo() ?? null },
      points: { size: 7 },
      sync: { key: deps.sync },
    },
    scales: {
      x: { time: deps.axis.moments, auto: false },
      y: { range: (_plot, _min, max) => [0, spec.scale(max ?? 0).top] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: ROW_HEIGHT * (deps.axis.rows + 1),
        space: 72,
        ...(deps.axis.steps ? { incrs: deps.axis.steps } : {}),
        values: (_plot, times, _axis, _space, step) => deps.timeLabels(times, step),
      },
      {
        ...axis,
        grid,
        size: AXIS_WIDTH,
        gap: 8,
        splits: (_plot, _axis, _min, max) => deps.splits(max),
        values: (_plot, values) => values.map(spec.axisFormat),
      },
    ],
    series: [
      {},
      ...spec.series.map((series, index): uPlot.Series => {
        const filledDown = series.filled && !(spec.stacked && index > 0);
        return {
          stroke: stroke(series),
          width: spec.stacked ? 1 : 1.5,
          ...(filledDown ? { fill: fill(series) } : {}),
          ...(series.dashed ? { dash: DASHES } : {}),
          points: { show: true, size: 3, width: 0, fill: stroke(series), filter: lonePoints },
        };
      }),
    ],
    bands: spec.stacked
      ? spec.series.slice(1).map((series, index) => ({ series: [index + 2, index + 1], fill: fill(series) }))
      : [],
    hooks: {
      setCursor: [
        (plot) => deps.onCursor(plot.cursor.left === undefined || plot.cursor.left < 0 ? null : plot.cursor.idx),
      ],
      ...(zoom ? { setSelect: [(plot: uPlot) => select(plot, zoom)] } : {}),
    },
  };
}

/** The charts that follow the crosshair are told of the selection, too; only the one that was dragged on answers it. */
function select(plot: uPlot, zoom: Zoom): void {
  const { left, width } = plot.select;
  const dragged = Boolean(plot.cursor.event);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (dragged && width > 0) zoom.select(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
}

/** Only points with a gap on both sides, which no line would show. */
function lonePoints(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const [first, last] = plot.series[0]?.idxs ?? [0, -1];
  const lone: number[] = [];
  for (let row = first; row <= last; row++) {
    if (typeof values[row] === 'number' && typeof values[row - 1] !== 'number' && typeof values[row + 1] !== 'number')
      lone.push(row);
  }
  return lone;
}
