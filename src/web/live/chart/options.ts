import type uPlot from 'uplot';
import type { Figure } from '../../lib/format.ts';
import type { Scale } from './axes.ts';
import { colour } from './palette.ts';

/** 1 to 4: the series colours of the design tokens. */
type SeriesColour = 1 | 2 | 3 | 4;

interface ChartSeries {
  id: string;
  label: string;
  hint?: string;
  colour: SeriesColour;
  /** Whether the area below the line is filled (to the series before it, when stacked). */
  filled: boolean;
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

interface ChartDeps {
  width: number;
  height: number;
  timeLabels(timesSeconds: readonly number[]): string[];
  splits(top: number): number[];
  onCursor(row: number | null | undefined): void;
}

const AXIS_WIDTH = 64;
const AXIS_HEIGHT = 26;
const FONT = '11px system-ui, "Segoe UI", Roboto, sans-serif';
const FILL = 0.16;
const STACKED_FILL = 0.5;
/** Chosen by uPlot so that labels don't touch. */
const TIME_STEPS_SECONDS = [5, 10, 15, 30, 60, 120, 300, 600];

export function chartOptions(spec: ChartSpec, deps: ChartDeps): uPlot.Options {
  const stroke = (series: ChartSeries) => () => colour(`--series-${series.colour}`);
  const fill = (series: ChartSeries) => () => colour(`--series-${series.colour}`, spec.stacked ? STACKED_FILL : FILL);
  const grid = { stroke: () => colour('--chart-grid'), width: 1 };
  const axis = { stroke: () => colour('--text-muted'), font: FONT, ticks: { show: false } };
  return {
    width: deps.width,
    height: deps.height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7 },
      sync: { key: 'live' },
    },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_plot, _min, max) => [0, spec.scale(max ?? 0).top] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: AXIS_HEIGHT,
        space: 72,
        incrs: TIME_STEPS_SECONDS,
        values: (_plot, times) => deps.timeLabels(times),
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
    },
  };
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
