import type { ChartSpec } from './options.ts';

type Columns = readonly (readonly (number | null)[])[];

/** The values of one row, one per series. Stacked columns include the ones before them; the legend shows each one's own part. */
export function legendValues(
  { series, stacked }: Pick<ChartSpec, 'series' | 'stacked'>,
  columns: Columns,
  row: number,
) {
  return series.map((_, index) => {
    const value = columns[index]?.[row] ?? null;
    if (!stacked || index === 0 || value === null) return value;
    const before = columns[index - 1]?.[row] ?? null;
    return before === null ? null : Math.max(0, value - before);
  });
}

/** The mean of each series over all rows in which it has a value; null where it has none. */
export function averages(spec: Pick<ChartSpec, 'series' | 'stacked'>, columns: Columns): (number | null)[] {
  const totals = spec.series.map(() => ({ sum: 0, count: 0 }));
  for (let row = 0; row < (columns[0]?.length ?? 0); row++) {
    for (const [index, value] of legendValues(spec, columns, row).entries()) {
      const total = totals[index];
      if (value === null || !total) continue;
      total.sum += value;
      total.count++;
    }
  }
  return totals.map(({ sum, count }) => (count === 0 ? null : sum / count));
}
