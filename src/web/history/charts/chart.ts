import type { ChartSeries, ChartSpec } from '../../chart/options.ts';
import { SERIES_COLOURS } from '../../chart/palette.ts';
import type { Point } from '../../chart/rows.ts';
import type { Value } from '../../live/metrics.ts';
import type { BlockName, Blocks } from '../blocks.ts';
import type { BlockPoint } from '../loader.ts';

/** What a chart makes of a block's points. */
export interface Drawing {
  spec: ChartSpec;
  /** Specs with the same key draw alike: the chart stays, and only its points change. */
  key: string;
  points: readonly Point[];
  /** What else is to be said, beside the title. */
  note?: string;
}

/** One chart of the history. */
export interface HistoryChart {
  id: string;
  title: string;
  block: BlockName;
  /** Takes the whole width. */
  wide?: boolean;
  /** null for a chart that this host, with such points, has no use for. */
  draw(points: readonly BlockPoint[], choice: string | null): Drawing | null;
}

interface ChartOf<N extends BlockName> extends Omit<HistoryChart, 'block' | 'draw'> {
  block: N;
  draw(points: readonly BlockPoint<Blocks[N]>[], choice: string | null): Drawing | null;
}

/** The points of a block have its shape: the loader asks for each block by its name. */
export function historyChart<N extends BlockName>(chart: ChartOf<N>): HistoryChart {
  return chart as unknown as HistoryChart;
}

export type Line<B> = Omit<ChartSeries, 'colour' | 'filled'> &
  Partial<Pick<ChartSeries, 'colour' | 'filled'>> & { of(data: B): Value };

type Axis = Pick<ChartSpec, 'format' | 'axisFormat' | 'scale'>;

/** A chart of certain lines. Up to two of them are filled, more would hide each other. */
export function linesOf<B>(
  id: string,
  points: readonly BlockPoint<B>[],
  lines: readonly Line<B>[],
  axis: Axis,
): Drawing {
  const series = lines.map(({ of: _, ...line }, index) => ({
    colour: SERIES_COLOURS[index % SERIES_COLOURS.length] ?? 1,
    filled: lines.length <= 2,
    ...line,
  }));
  return {
    key: `${id} ${series.map((line) => line.id).join('\0')}`,
    spec: { id, stacked: false, series, ...axis },
    points: points.map(({ timeMs, data }) => ({ timeMs, values: lines.map((line) => line.of(data) ?? null) })),
  };
}

/** The names in a table of the points, as the daemon orders them. */
export function namesIn<B>(points: readonly BlockPoint<B>[], table: (data: B) => object | undefined): string[] {
  const names = new Set<string>();
  for (const { data } of points) for (const name of Object.keys(table(data) ?? {})) names.add(name);
  return [...names];
}

/** A chart with one line per name of a table; of many, those that reach highest. `someOf` says how many those are. */
export function linePerName<B, T>(
  id: string,
  points: readonly BlockPoint<B>[],
  { table, value }: { table(data: B): Record<string, T> | undefined; value(figures: T | undefined): Value },
  { someOf, ...axis }: Axis & { someOf(shown: number, total: number): string },
): Drawing {
  const of = (name: string) => (data: B) => value(table(data)?.[name]);
  const names = namesIn(points, table);
  const peak = (name: string) => points.reduce((most, { data }) => Math.max(most, of(name)(data) ?? 0), 0);
  const shown =
    names.length <= SERIES_COLOURS.length
      ? names
      : names
          .map((name) => ({ name, most: peak(name) }))
          .sort((a, b) => b.most - a.most)
          .slice(0, SERIES_COLOURS.length)
          .map(({ name }) => name);
  const lines = shown.map((name) => ({ id: name, label: name, filled: false, of: of(name) }));
  const drawing = linesOf(id, points, lines, axis);
  return shown.length === names.length ? drawing : { ...drawing, note: someOf(shown.length, names.length) };
}
