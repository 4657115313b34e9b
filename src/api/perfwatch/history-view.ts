import type { Catalogue } from '../../metrics/catalogue.ts';
import type { MetricsView } from '../../metrics/view.ts';
import type { Aggregate, SeriesResult } from '../../store/contract.ts';

/** What is read of each family: its fields, and the instances if it is certain ones. */
export type ViewPlan = ReadonlyMap<string, { fields: readonly string[]; instances?: readonly string[] }>;

/**
 * Finds out what `read` wants of a view by handing it one that takes notes, so that nothing has to list it beside the code
 * that reads.
 */
export function planView(read: (view: MetricsView) => unknown): ViewPlan {
  const notes = new Map<string, { fields: Set<string>; instances: Set<string>; all: boolean }>();
  const noteOf = (family: string) => {
    const note = notes.get(family) ?? { fields: new Set(), instances: new Set(), all: false };
    notes.set(family, note);
    return note;
  };
  read({
    instances: (family) => {
      noteOf(family).all = true;
      return ['any'];
    },
    value: (family, instance, field) => {
      noteOf(family).fields.add(field);
      noteOf(family).instances.add(instance);
      return Number.NaN;
    },
  });
  return new Map(
    Array.from(notes, ([family, { fields, instances, all }]) => [
      family,
      { fields: [...fields], ...(all ? {} : { instances: [...instances] }) },
    ]),
  );
}

/** Levels and rates are averaged over a bucket; of a running total the last value counts. */
export function aggregateOf(catalogue: Catalogue, family: string, field: string): Aggregate {
  const descriptor = catalogue.family(family).fields.find(({ name }) => name === field);
  return descriptor?.kind === 'counter' ? 'last' : 'avg';
}

const naturalOrder = new Intl.Collator('en', { numeric: true });

/** One family's rows, read bucket by bucket. */
class FamilyRows {
  readonly #result: SeriesResult;
  readonly #columns: Map<string, Float64Array>;
  readonly #instanceNumbers: Map<string, number>;
  readonly #order: number[];
  /** Row of each instance in the current bucket; -1 where it has none. */
  readonly #rowOf: Int32Array;
  #next = 0;

  constructor(fields: readonly string[], result: SeriesResult) {
    this.#result = result;
    this.#columns = new Map(fields.map((field, index) => [field, result.columns[index] as Float64Array]));
    this.#instanceNumbers = new Map(result.instances.map((instance, number) => [instance, number]));
    this.#order = [...result.instances.keys()].sort((a, b) =>
      naturalOrder.compare(result.instances[a] ?? '', result.instances[b] ?? ''),
    );
    this.#rowOf = new Int32Array(result.instances.length).fill(-1);
  }

  get nextTimestampUs(): number {
    return this.#result.timestampsUs[this.#next] ?? Number.POSITIVE_INFINITY;
  }

  moveTo(timestampUs: number): void {
    this.#rowOf.fill(-1);
    for (; this.nextTimestampUs <= timestampUs; this.#next++) {
      if (this.nextTimestampUs === timestampUs)
        this.#rowOf[this.#result.instanceIndex[this.#next] as number] = this.#next;
    }
  }

  instances(): string[] {
    return this.#order
      .filter((number) => (this.#rowOf[number] ?? -1) >= 0)
      .map((number) => this.#result.instances[number] ?? '');
  }

  value(instance: string, field: string): number {
    const row = this.#rowOf[this.#instanceNumbers.get(instance) ?? -1] ?? -1;
    return this.#columns.get(field)?.[row] ?? Number.NaN;
  }
}

/** Several families' results as one view that moves through their buckets, oldest first. */
export class HistoryView implements MetricsView {
  readonly #families: Map<string, FamilyRows>;

  constructor(families: Iterable<{ family: string; fields: readonly string[]; result: SeriesResult }>) {
    this.#families = new Map(
      Array.from(families, ({ family, fields, result }) => [family, new FamilyRows(fields, result)]),
    );
  }

  /** @returns the timestamp of the bucket moved to, in µs; null behind the last one. */
  advance(): number | null {
    const rows = [...this.#families.values()];
    const timestampUs = Math.min(...rows.map(({ nextTimestampUs }) => nextTimestampUs));
    if (!Number.isFinite(timestampUs)) return null;
    for (const family of rows) family.moveTo(timestampUs);
    return timestampUs;
  }

  instances(family: string): readonly string[] {
    return this.#families.get(family)?.instances() ?? [];
  }

  value(family: string, instance: string, field: string): number {
    return this.#families.get(family)?.value(instance, field) ?? Number.NaN;
  }
}
