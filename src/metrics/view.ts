import type { FrameLayout } from './frame.ts';

/** Figures of one moment, by family, instance and field: the newest frames, or one bucket of a history. */
export interface MetricsView {
  /** Instances of a family in the sampler's order; empty when there is nothing of it. */
  instances(family: string): readonly string[];
  /** NaN where there is no value. */
  value(family: string, instance: string, field: string): number;
}

/** Where a field of an instance stands in a frame's values. */
export class LayoutIndex {
  readonly layout: FrameLayout;
  readonly #fields: Map<string, number>;
  readonly #instances: Map<string, number>;

  constructor(layout: FrameLayout) {
    this.layout = layout;
    this.#fields = new Map(layout.fields.map((field, index) => [field, index]));
    this.#instances = new Map(layout.instances.map((instance, index) => [instance, index]));
  }

  /** @returns -1 when the layout has no such instance or field. */
  offset(instance: string, field: string): number {
    const row = this.#instances.get(instance);
    const column = this.#fields.get(field);
    return row === undefined || column === undefined ? -1 : row * this.layout.fields.length + column;
  }
}
