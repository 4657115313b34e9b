import type { FrameListener, Subscription } from '../../src/collect/frame-source.ts';
import type { Frame, FrameLayout } from '../../src/metrics/frame.ts';

/** A frame source whose ticks the test makes. */
export class ScriptedSource {
  readonly open = new Map<string, FrameListener[]>();
  /** What the next subscription to close hands over first. */
  waiting: Frame[] = [];

  subscribe(family: string, intervalMs: number, listener: FrameListener): Subscription {
    const key = `${family}@${intervalMs * 1_000}`;
    const listeners = this.open.get(key) ?? [];
    listeners.push(listener);
    this.open.set(key, listeners);
    return {
      family,
      intervalMs,
      close: () => {
        this.batch(...this.waiting.splice(0));
        listeners.splice(listeners.indexOf(listener), 1);
        if (listeners.length === 0) this.open.delete(key);
      },
    };
  }

  /** Hands over frames as one batch. */
  batch(...frames: Frame[]): void {
    const touched = new Set<FrameListener>();
    for (const frame of frames) {
      for (const listener of new Set(this.open.get(`${frame.layout.family}@${frame.intervalUs}`))) {
        touched.add(listener);
        listener.frame(frame);
      }
    }
    for (const listener of touched) listener.batchEnd?.();
  }
}

export function layout(family: string, instances: string[] = [''], fields: string[] = ['value']): FrameLayout {
  return { family, instances, fields };
}

export function frame(of: FrameLayout, timestampUs: number, intervalUs: number, ...values: number[]): Frame {
  return { layout: of, timestampUs, intervalUs, latenessUs: 0, flags: 0, values: Float64Array.from(values) };
}
