/** One result. `ratio` is ours / reference; `noise` is the same ratio of the reference against itself. */
export interface BenchLine {
  bench: string;
  case: string;
  unit: string;
  ours: number;
  /** Null where there is nothing to compare with; then the three below are null too. */
  reference: number | null;
  reference_name: string | null;
  ratio: number | null;
  noise: number | null;
}

export interface Comparison {
  bench: string;
  case: string;
  unit: string;
  referenceName: string;
  ours: readonly number[];
  /** The reference, measured twice in the same run: the two halves tell how far equal things differ here. */
  reference: readonly number[];
  again: readonly number[];
}

/** @throws RangeError when there are no values. */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('mean of no values');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @throws RangeError when there are no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('median of no values');
  return (lower + upper) / 2;
}

/** Null when `whole` is 0: nothing is so many times nothing. */
export function ratioOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** @param centre Median for costs, which a disturbed segment must not move; mean for rare events. */
export function compare(comparison: Comparison, centre: (values: readonly number[]) => number): BenchLine {
  const ours = centre(comparison.ours);
  const reference = centre([...comparison.reference, ...comparison.again]);
  return {
    bench: comparison.bench,
    case: comparison.case,
    unit: comparison.unit,
    ours,
    reference,
    reference_name: comparison.referenceName,
    ratio: ratioOf(ours, reference),
    noise: ratioOf(centre(comparison.again), centre(comparison.reference)),
  };
}

/** A figure that stands alone. */
export function alone(bench: string, name: string, unit: string, ours: number): BenchLine {
  return { bench, case: name, unit, ours, reference: null, reference_name: null, ratio: null, noise: null };
}

/** Every second value, beginning with the first and with the second: two measurements of one thing, interleaved. */
export function alternating<T>(values: readonly T[]): [T[], T[]] {
  return [values.filter((_, index) => index % 2 === 0), values.filter((_, index) => index % 2 === 1)];
}

export function toJson(line: BenchLine): string {
  return JSON.stringify(line, (_key, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  );
}

export function toText(line: BenchLine): string {
  const start = `${line.bench.padEnd(10)} ${line.case.padEnd(28)} ${figure(line.ours).padStart(9)} ${line.unit.padEnd(15)}`;
  if (line.reference === null) return start.trimEnd();
  const compared = `${line.reference_name} ${figure(line.reference)}`;
  return `${start} ${compared.padEnd(34)} ratio ${ratioText(line.ratio)}  noise ${ratioText(line.noise)}`;
}

function figure(value: number): string {
  return value === 0 ? '0' : value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3);
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '-' : ratio.toFixed(2);
}
