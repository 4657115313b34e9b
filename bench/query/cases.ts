/** What is asked of the daemon over HTTP, and of DuckDB by hand. */

/** The fields behind the `cpu` block. */
const CPU_FIELDS = [
  'usage_percent',
  'user_percent',
  'system_percent',
  'idle_percent',
  'iowait_percent',
  'nice_percent',
  'irq_percent',
  'softirq_percent',
  'steal_percent',
  'guest_percent',
  'frequency_mhz',
  'temperature_celsius',
];
const SYSTEM_FIELDS = ['interrupts_per_sec', 'context_switches_per_sec', 'load1', 'load5', 'load15'];

const DAY_US = 86_400e6;

interface Range {
  fromUs: number;
  toUs: number;
  bucketUs: number;
}

export interface QueryCase {
  name: string;
  path: string;
  /** The statements, given the ranges that the daemon's own answer names. */
  sql: readonly string[];
  /** How many points both have to find. */
  points: number;
}

/** @param toUs where the data ends; `rawFromUs` where its hourly rows give way to those of each second */
export function queryCases(toUs: number, rawFromUs: number): QueryCase[] {
  const history = (days: number, interval: string, bucketUs: number): QueryCase => {
    const range = { fromUs: toUs - days * DAY_US, toUs, bucketUs };
    const rolledUp = range.fromUs < rawFromUs ? rawFromUs : null;
    const parameters = { metric_type: 'cpu', ...times(range, ''), interval, limit: '10000' };
    return {
      name: `cpu-${days}d-at-${interval}`,
      path: `/api/history/metrics?${new URLSearchParams(parameters)}`,
      sql: [bucketsSql('cpu', CPU_FIELDS, range, rolledUp), bucketsSql('system', SYSTEM_FIELDS, range, rolledUp)],
      points: (days * DAY_US) / bucketUs,
    };
  };
  const day = { fromUs: toUs - DAY_US, toUs, bucketUs: 300e6 };
  const yesterday = { fromUs: day.fromUs - DAY_US, toUs: day.fromUs, bucketUs: day.bucketUs };
  const compare: QueryCase = {
    name: 'compare-cpu-day',
    path: `/api/history/compare?${new URLSearchParams({ metric_type: 'cpu', ...times(day, '_1'), ...times(yesterday, '_2') })}`,
    sql: [day, yesterday].flatMap((range) => [
      bucketsSql('cpu', CPU_FIELDS, range, null),
      bucketsSql('system', SYSTEM_FIELDS, range, null),
      `SELECT avg(usage_percent) FROM cpu WHERE ${within(range)} AND instance = 'all'`,
    ]),
    points: (2 * DAY_US) / day.bucketUs,
  };
  return [history(1, '1m', 60e6), history(7, '5m', 300e6), history(30, '1h', 3_600e6), compare];
}

function times({ fromUs, toUs }: Range, suffix: string): Record<string, string> {
  const iso = (us: number) => new Date(us / 1_000).toISOString();
  return { [`start_time${suffix}`]: iso(fromUs), [`end_time${suffix}`]: iso(toUs) };
}

function within({ fromUs, toUs }: Pick<Range, 'fromUs' | 'toUs'>): string {
  return `collector = 1 AND timestamp >= make_timestamp(${fromUs}) AND timestamp < make_timestamp(${toUs})`;
}

/** Of what was tried, the cheapest: whole-number division, and each table on its own where a range reaches over both. */
function bucketsSql(family: string, fields: readonly string[], range: Range, rawFromUs: number | null): string {
  const { bucketUs } = range;
  const select = (table: string, aggregate: (field: string) => string, part: Pick<Range, 'fromUs' | 'toUs'>) =>
    `SELECT epoch_us(timestamp) // ${bucketUs} AS bucket, instance, ${fields.map(aggregate).join(', ')}
     FROM ${table} WHERE ${within(part)} GROUP BY bucket, instance`;
  const raw = select(family, (field) => `avg(${field})`, { ...range, fromUs: rawFromUs ?? range.fromUs });
  const mean = (field: string) => `sum(${field}_avg * ${field}_count) / sum(${field}_count)`;
  const rows =
    rawFromUs === null ? raw : `${select(`${family}_rollup`, mean, { ...range, toUs: rawFromUs })} UNION ALL ${raw}`;
  return `SELECT * REPLACE ((bucket * ${bucketUs})::DOUBLE AS bucket) FROM (${rows}) ORDER BY bucket, instance`;
}
