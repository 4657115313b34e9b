import type { Frame, FrameLayout } from '../metrics/frame.ts';
import { StoreError } from './contract.ts';
import { checkFieldName } from './names.ts';

const LARGEST_COLLECTOR = 2 ** 31 - 1;

/**
 * The rows of one family that one append brings, column by column, with the rows of one key already merged field by field: the later
 * value wins unless it is NaN. Infinities count as no value: no back end's arithmetic survives them.
 */
export class SeriesRows {
  readonly timestampsUs: number[] = [];
  readonly collectors: number[] = [];
  readonly instances: string[] = [];
  readonly columns = new Map<string, number[]>();

  readonly #newestUs = new Map<number, number>();
  #rowOfKey: Map<string, number> | undefined;
  readonly #known = new WeakMap<FrameLayout, { columns: number[][]; distinct: boolean }>();

  get length(): number {
    return this.timestampsUs.length;
  }

  get fields(): string[] {
    return [...this.columns.keys()];
  }

  /** @throws StoreError TACHO_BAD_QUERY or TACHO_BAD_BATCH when the frame cannot be stored. */
  add(collector: number, frame: Frame): void {
    const { timestampUs, values, layout } = frame;
    checkKey(collector, timestampUs);
    const { columns, distinct } = this.#layout(layout);
    // Frames mostly come in the order of time, and then no row of theirs can have been here before.
    const isNew = distinct && timestampUs > (this.#newestUs.get(collector) ?? Number.NEGATIVE_INFINITY);
    this.#newestUs.set(collector, Math.max(timestampUs, this.#newestUs.get(collector) ?? timestampUs));
    for (const [index, instance] of layout.instances.entries()) {
      const row = isNew ? this.#push(timestampUs, collector, instance) : this.#find(timestampUs, collector, instance);
      let at = index * columns.length;
      for (const column of columns) {
        const value = values[at++] as number;
        if (Number.isFinite(value)) column[row] = value;
      }
    }
  }

  #push(timestampUs: number, collector: number, instance: string): number {
    const row = this.timestampsUs.push(timestampUs) - 1;
    this.collectors.push(collector);
    this.instances.push(instance);
    for (const column of this.columns.values()) column.push(Number.NaN);
    this.#rowOfKey?.set(keyOf(timestampUs, collector, instance), row);
    return row;
  }

  #find(timestampUs: number, collector: number, instance: string): number {
    this.#rowOfKey ??= this.#index();
    return this.#rowOfKey.get(keyOf(timestampUs, collector, instance)) ?? this.#push(timestampUs, collector, instance);
  }

  #index(): Map<string, number> {
    const { timestampsUs, collectors, instances } = this;
    return new Map(
      instances.map((instance, row) => [keyOf(timestampsUs[row] as number, collectors[row] as number, instance), row]),
    );
  }

  #layout(layout: FrameLayout): { columns: number[][]; distinct: boolean } {
    const known = this.#known.get(layout);
    if (known) return known;
    if (new Set(layout.fields).size < layout.fields.length) {
      throw new StoreError('TACHO_BAD_BATCH', `a frame of ${layout.family} has a field twice: ${layout.fields}`);
    }
    const columns = layout.fields.map((field) => this.#column(field));
    const resolved = { columns, distinct: new Set(layout.instances).size === layout.instances.length };
    this.#known.set(layout, resolved);
    return resolved;
  }

  #column(field: string): number[] {
    let column = this.columns.get(field);
    if (!column) {
      checkFieldName(field);
      column = new Array<number>(this.length).fill(Number.NaN);
      this.columns.set(field, column);
    }
    return column;
  }
}

function keyOf(timestampUs: number, collector: number, instance: string): string {
  return `${timestampUs} ${collector} ${instance}`;
}

function checkKey(collector: number, timestampUs: number): void {
  if (!Number.isInteger(collector) || collector < 0 || collector > LARGEST_COLLECTOR) {
    throw new StoreError('TACHO_BAD_BATCH', `collector ${collector} is not a 32-bit number`);
  }
  if (!Number.isSafeInteger(timestampUs) || timestampUs < 0) {
    throw new StoreError('TACHO_BAD_BATCH', `timestamp ${timestampUs} is not in µs since the Unix epoch`);
  }
}
