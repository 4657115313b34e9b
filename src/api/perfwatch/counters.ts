import type { PerfEventStatus, SamplerStats } from '../../collect/addon.ts';
import type { FrameSource } from '../../collect/frame-source.ts';

type FamilyStatus = SamplerStats['families'][number];

/** What the sampler tells of what it counts, beside the figures. */
export interface Told {
  /** By `family/event`: why it is not counted, and what would change that. */
  events: ReadonlyMap<string, string>;
  families: ReadonlyMap<string, FamilyStatus>;
}

type Source = Pick<FrameSource, 'perfEvents' | 'stats'>;

/** Reasons that change while the same figures are missing are seen this late. */
const REFRESH_MS = 10_000;

/** Asks the sampler why figures are missing: when others are missing than before, and else now and then. */
export class Counters {
  readonly #source: Source;
  readonly #now: () => number;
  readonly #missing = new Map<string, string>();
  #told: Told = { events: new Map(), families: new Map() };
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** @param now a monotonic clock, in ms */
  constructor(source: Source, now: () => number = () => performance.now()) {
    this.#source = source;
    this.#now = now;
  }

  /** @param missing what `block` has no figures for at present */
  tell(block: string, missing: readonly string[]): Told {
    const names = missing.join();
    if (this.#missing.get(block) !== names || this.#now() - this.#toldAtMs >= REFRESH_MS) {
      this.#missing.set(block, names);
      this.#told = ask(this.#source);
      this.#toldAtMs = this.#now();
    }
    return this.#told;
  }
}

function ask(source: Source): Told {
  const events = new Map<string, string>();
  for (const event of source.perfEvents()) {
    if (!event.available) events.set(`${event.family}/${event.name}`, inFull(event));
  }
  return { events, families: new Map(source.stats().families.map((family) => [family.name, family])) };
}

function inFull({ reason, remedy }: Pick<PerfEventStatus, 'reason' | 'remedy'>): string {
  return remedy === '' ? reason : `${reason}: ${remedy}`;
}
