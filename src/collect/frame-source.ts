import { Catalogue, type FamilyDescriptor } from '../metrics/catalogue.ts';
import { type Frame, type FrameLayout, frames } from '../metrics/frame.ts';
import { addon, type ContainerInfo, type PerfEventStatus, type PerfSettings, type SamplerStats } from './addon.ts';

export interface FrameListener {
  /** Called for each frame in order; `values` is only promised to keep its content until the listener returns. */
  frame(frame: Frame): void;
  /** Called once after the frames that the sampler handed over together. */
  batchEnd?(): void;
}

export interface Subscription {
  readonly family: string;
  /** The interval that frames come at: what was asked for, or the family's floor. */
  readonly intervalMs: number;
  close(): void;
}

export interface FrameSourceOptions {
  procfs?: string;
  sysfs?: string;
  cgroupfs?: string;
  /** The clock epoch that timestamps start in; see resumeEpoch. */
  epoch?: number;
  /** Events of the family `perf_custom`, as `perf stat -e` takes them. */
  perfEvents?: string[];
}

/** Layouts that are remembered at most. */
const MAX_LAYOUTS = 256;

/** What this build can sample. */
export function loadCatalogue(): Catalogue {
  return new Catalogue(addon.families() as FamilyDescriptor[]);
}

/** The native sampler as a stream of frames: one reader of the ring, any number of listeners per family and interval. */
export class FrameSource {
  readonly catalogue: Catalogue;
  readonly #sampler: InstanceType<typeof addon.Sampler>;
  readonly #layouts = new Map<number, FrameLayout>();
  /** By family and interval: each listener, and how many subscriptions it has there. */
  readonly #listeners = new Map<string, Map<FrameListener, number>>();
  readonly #onError: (error: unknown) => void;
  #draining = false;

  /** @param onError is told of an exception in a listener; the other listeners get their frames all the same. */
  constructor(options: FrameSourceOptions, onError: (error: unknown) => void) {
    this.catalogue = loadCatalogue();
    this.#sampler = new addon.Sampler(options);
    this.#onError = onError;
  }

  start(): void {
    this.#sampler.start(() => this.#drain());
  }

  /** @throws Error with code TACHO_UNKNOWN_FAMILY or TACHO_BAD_INTERVAL. */
  subscribe(family: string, intervalMs: number, listener: FrameListener): Subscription {
    const stream = this.#sampler.subscribe(family, intervalMs);
    const effectiveMs = this.#sampler.streamInterval(stream);
    const key = streamKey(family, effectiveMs * 1000);
    const listeners = this.#listeners.get(key) ?? new Map<FrameListener, number>();
    listeners.set(listener, (listeners.get(listener) ?? 0) + 1);
    this.#listeners.set(key, listeners);
    let open = true;
    return {
      family,
      intervalMs: effectiveMs,
      close: () => {
        if (!open) return;
        open = false;
        // What was sampled for this listener is its own, also when it closes before the sampler has woken anybody.
        this.#drain();
        const others = (listeners.get(listener) ?? 1) - 1;
        if (others > 0) listeners.set(listener, others);
        else listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(key);
        this.#sampler.unsubscribe(stream);
      },
    };
  }

  stats(): SamplerStats {
    return this.#sampler.stats();
  }

  /** Which perf events are counted, and why the others are not. */
  perfEvents(): PerfEventStatus[] {
    return this.#sampler.perfEvents();
  }

  /** The containers and other control groups that are sampled at present. */
  containers(): ContainerInfo[] {
    return this.#sampler.containers();
  }

  /** In force from the next tick on. @throws Error with code TACHO_BAD_CPU_LIST. */
  configurePerf(settings: PerfSettings): void {
    this.#sampler.configurePerf(settings);
  }

  /** Hands over what is still in the ring, then ends the sampler thread. */
  stop(): void {
    this.#sampler.stop();
    this.#drain();
  }

  #drain(): void {
    // A listener that closes a subscription while it gets a frame: the frames behind that one come first.
    if (this.#draining) return;
    this.#draining = true;
    try {
      this.#handOver();
    } finally {
      this.#draining = false;
    }
  }

  #handOver(): void {
    const touched = new Set<FrameListener>();
    for (const frame of frames(this.#sampler.drain(), (id) => this.#layout(id))) {
      for (const listener of this.#listeners.get(streamKey(frame.layout.family, frame.intervalUs))?.keys() ?? []) {
        touched.add(listener);
        this.#guarded(() => listener.frame(frame));
      }
    }
    for (const listener of touched) this.#guarded(() => listener.batchEnd?.());
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onError(error);
    }
  }

  #layout(id: number): FrameLayout {
    let layout = this.#layouts.get(id);
    if (!layout) {
      const { family, instances } = this.#sampler.layout(id);
      layout = { family, instances, fields: this.catalogue.family(family).fields.map((field) => field.name) };
      this.#layouts.set(id, layout);
      // Hosts whose interfaces come and go make new ones for ever; one that is still in use is asked for again.
      const [oldest] = this.#layouts.keys();
      if (this.#layouts.size > MAX_LAYOUTS && oldest !== undefined) this.#layouts.delete(oldest);
    }
    return layout;
  }
}

function streamKey(family: string, intervalUs: number): string {
  return `${family}@${intervalUs}`;
}
