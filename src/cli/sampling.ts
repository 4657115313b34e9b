import { samplerReasons } from '../api/operations/health.ts';
import { LOCAL_COLLECTOR } from '../auth/bootstrap.ts';
import { FrameSource } from '../collect/frame-source.ts';
import type { Recording } from '../config/kinds.ts';
import type { Settings } from '../config/schema.ts';
import { resumeEpoch } from '../metrics/epoch.ts';
import { LiveHub } from '../pipeline/live.ts';
import type { OutboxHandle } from '../pipeline/outbox-client.ts';
import { LOCAL_SOURCE } from '../pipeline/outbox-entry.ts';
import { Recorder } from '../pipeline/recorder.ts';
import type { RuntimeConfig, RuntimeSettings } from '../state/runtime-config.ts';
import type { Logger } from './log.ts';
import type { Teardown } from './teardown.ts';

/** A PerfWatch stream gets at most ten messages a second. */
const SHORTEST_LIVE_INTERVAL_MS = 100;

/** How often the log is told of kernel files that cannot be read, or can be again. */
const WATCH_INTERVAL_MS = 5_000;

/** The settings that say how often is sampled. */
const INTERVALS = ['sampling_interval_seconds', 'perf_events_interval_ms'] as const;

/** The families whose readings `perf_events_interval_ms` sets apart; they are stored no more often than the others are. */
function perfAt(intervalMs: number): ReadonlyMap<string, number> {
  return new Map([
    ['perf', intervalMs],
    ['perf_custom', intervalMs],
  ]);
}

export interface Sampling {
  source: FrameSource;
  hub: LiveHub;
}

/**
 * Starts this host's sampler with its two consumers, which follow the intervals of sampling as they are changed.
 * @param recordings the opt-in families that are recorded, too
 */
export function startSampling(
  settings: Settings,
  recordings: readonly Recording[],
  config: RuntimeConfig,
  outbox: OutboxHandle,
  log: Logger,
  teardown: Teardown,
): Sampling {
  const { procfs, sysfs, cgroupfs, perf_events: perfEvents } = settings;
  const epoch = resumeEpoch(outbox.lastTimestampUs, Date.now() * 1_000);
  const source = new FrameSource({ procfs, sysfs, cgroupfs, epoch, perfEvents }, (error) =>
    log.error({ err: error }, 'a frame listener failed'),
  );
  const families = source.catalogue.families.filter(({ optIn }) => !optIn).map(({ name }) => name);
  const hub = new LiveHub(source, families, recordings);
  const put = (payload: Uint8Array<ArrayBuffer>, lastTimestampUs: number) => {
    const content = { kind: 'frames' as const, collector: LOCAL_COLLECTOR, payload };
    outbox.put({ source: LOCAL_SOURCE, policy: 'drop_oldest', content, lastTimestampUs }).catch((error: unknown) => {
      log.error({ err: error }, 'samples could not be queued');
    });
  };
  const recorder = new Recorder({ source, families, recordings, put });
  const follow = ({ sampling_interval_seconds, perf_events_interval_ms: perfMs }: RuntimeSettings) => {
    const intervalMs = Math.round(sampling_interval_seconds * 1_000);
    recorder.record(intervalMs, perfAt(Math.max(intervalMs, perfMs)));
    hub.follow(Math.max(intervalMs, SHORTEST_LIVE_INTERVAL_MS), perfAt(perfMs));
  };
  const configurePerf = ({ perf_events_enabled: enabled, perf_events_cpu_cores: cpus }: RuntimeSettings) =>
    source.configurePerf({ enabled, cpus });
  configurePerf(config.get());
  source.start();
  follow(config.get());
  const unfollow = config.onChange((current, previous) => {
    if (INTERVALS.some((name) => current[name] !== previous[name])) follow(current);
    configurePerf(current);
  });
  const watch = setInterval(watchReaders(source, log), WATCH_INTERVAL_MS).unref();
  // Taken down in reverse: the sampler hands over what is in its ring, then the recorder what it has gathered.
  teardown.add(() => hub.stop());
  teardown.add(() => recorder.stop());
  teardown.add(() => source.stop());
  teardown.add(() => {
    clearInterval(watch);
    unfollow();
  });
  return { source, hub };
}

/** Logs each fault of a reader once when it begins, and its end. */
function watchReaders(source: FrameSource, log: Logger): () => void {
  let known: readonly string[] = [];
  return () => {
    const reasons = samplerReasons(source.stats());
    for (const reason of reasons) if (!known.includes(reason)) log.warn(reason);
    for (const reason of known) if (!reasons.includes(reason)) log.info(`over: ${reason}`);
    known = reasons;
  };
}
