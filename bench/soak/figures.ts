import { alone, type BenchLine, median } from '../harness/line.ts';

/** Memory of the process at one moment. */
export interface Moment {
  atSeconds: number;
  rssMib: number;
}

/** V8 lets garbage lie for a while, so that memory is what it is in the middle of so much of the time. */
const ENDS = 1 / 8;
const MINUTES_PER_SECOND = 1 / 60;

/** What became of the memory from the first moment to the last. @throws RangeError when there are none. */
export function growth(name: string, moments: readonly Moment[]): BenchLine[] {
  const rss = moments.map(({ rssMib }) => rssMib);
  const count = Math.max(1, Math.floor(moments.length * ENDS));
  const [first, last] = [median(rss.slice(0, count)), median(rss.slice(-count))];
  return [
    alone('soak', `${name} RSS after warm-up`, 'MiB', first),
    alone('soak', `${name} RSS at the end`, 'MiB', last),
    alone('soak', `${name} growth`, 'MiB', last - first),
    alone('soak', `${name} slope`, 'MiB/min', slope(moments) / MINUTES_PER_SECOND),
  ];
}

/** MiB per second: least squares. */
function slope(moments: readonly Moment[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middle, usual] = [mean(moments.map(({ atSeconds }) => atSeconds)), mean(moments.map(({ rssMib }) => rssMib))];
  const sum = (of: (moment: Moment) => number) => moments.reduce((total, moment) => total + of(moment), 0);
  const spread = sum(({ atSeconds }) => (atSeconds - middle) ** 2);
  return spread === 0 ? 0 : sum(({ atSeconds, rssMib }) => (atSeconds - middle) * (rssMib - usual)) / spread;
}
