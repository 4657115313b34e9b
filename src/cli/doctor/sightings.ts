import type { FrameListener } from '../../collect/frame-source.ts';
import type { FamilyDescriptor } from '../../metrics/catalogue.ts';

/** A reading counts as a window old at this share of it, for the sampler too. */
const FULL_WINDOW = 0.9;

/** A stream that is watched. */
export interface Watched extends FrameListener {
  frames: number;
  /** The tick of its newest frame, in ms since the Unix epoch. */
  newestMs: number;
}

/** What was seen of a family's values, over all of its streams. */
export class Sightings {
  readonly #family: FamilyDescriptor;
  readonly #unseen: Set<number>;
  #longestMs = 0;
  #instances = 0;

  constructor(family: FamilyDescriptor) {
    this.#family = family;
    this.#unseen = new Set(family.fields.keys());
  }

  /** Watches one more stream from now on; `frames` counts its frames. */
  watch(): Watched {
    const sinceMs = Date.now();
    const width = this.#family.fields.length;
    const listener = {
      frames: 0,
      newestMs: 0,
      frame: ({ values, layout, timestampUs }: Parameters<FrameListener['frame']>[0]) => {
        listener.frames += 1;
        listener.newestMs = timestampUs / 1_000;
        this.#instances = layout.instances.length;
        this.#longestMs = Math.max(this.#longestMs, listener.newestMs - sinceMs);
        for (const field of this.#unseen) {
          for (let at = field; at < values.length; at += width) {
            if (Number.isFinite(values[at])) this.#unseen.delete(field);
          }
        }
      },
    };
    return listener;
  }

  /** Instances of the last frame. */
  get instances(): number {
    return this.#instances;
  }

  /** Whether the field had a value; null when it was not watched for long enough to know. */
  hasValue(field: number): boolean | null {
    if (!this.#unseen.has(field)) return true;
    const windowMs = this.#family.fields[field]?.windowMs ?? 0;
    return this.#longestMs > 0 && this.#longestMs >= windowMs * FULL_WINDOW ? false : null;
  }
}
