import { setTimeout as sleep } from 'node:timers/promises';
import type { PerfEventStatus, SamplerStats } from '../../collect/addon.ts';
import { FrameSource, type Subscription } from '../../collect/frame-source.ts';
import type { Settings } from '../../config/schema.ts';
import type { FamilyDescriptor } from '../../metrics/catalogue.ts';
import { familyCost, readingCost, tenths } from './costs.ts';
import type { FamilyReport, PerfEventReport, Timing } from './report.ts';
import { Sightings, type Watched } from './sightings.ts';

/** How long one family alone is read at the shortest interval there is. */
const TICKING_MS = 200;
/** A sampler that has no frame after this has none to give. */
const FIRST_FRAME_MS = 2_000;
/** Baselines of new subscriptions have been read after this. */
const SETTLED_MS = 50;
/** A tick that comes sooner after the last reading finds warmer caches than those of a daemon do. */
const REST_MS = 150;
/** The sampler wakes JavaScript at most every 50 ms. */
const HANDED_OVER_MS = 60;
const SECOND_MS = 1_000;
/** How long frames that are due are waited for. */
const LATE_MS = 1_000;

/** What a sampler of our own saw of this host in about two seconds. */
export interface Look {
  families: FamilyReport[];
  perf_events: PerfEventReport[];
  timing: Timing;
}

type Kernel = Pick<Settings, 'procfs' | 'sysfs' | 'cgroupfs' | 'perf_events'>;

/** Reads one family as fast as it goes, then all of them once a second, then each as often as it may be. */
export async function lookAtHost({ procfs, sysfs, cgroupfs, perf_events: perfEvents }: Kernel): Promise<Look> {
  const failures: unknown[] = [];
  const source = new FrameSource({ procfs, sysfs, cgroupfs, perfEvents }, (error) => failures.push(error));
  const { families } = source.catalogue;
  const seen = new Map(families.map((family) => [family, new Sightings(family)]));
  source.start();
  try {
    const ticking = await tickFast(source);
    const opened = families.filter(({ optIn }) => !optIn).map((family) => watch(source, family, SECOND_MS, seen));
    const cpuNs = await cpuOfNextTick(source, opened);
    const { before, after, frames } = await readAtFloors(source, seen);
    for (const { subscription } of opened) subscription.close();
    if (failures.length > 0) throw failures[0];
    const cpu_us_per_tick_at_1hz = tenths(cpuNs === null ? null : cpuNs / 1_000);
    return {
      families: families.map((family) =>
        familyReport(family, seen.get(family), frames.get(family) ?? 0, before, after),
      ),
      perf_events: source.perfEvents().map(eventReport),
      timing: { ...ticking, cpu_us_per_tick_at_1hz },
    };
  } finally {
    source.stop();
  }
}

/** A subscription, and what has come of it. */
interface Stream {
  subscription: Subscription;
  watched: Watched;
}

function watch(
  source: FrameSource,
  family: FamilyDescriptor,
  intervalMs: number,
  seen: ReadonlyMap<FamilyDescriptor, Sightings>,
): Stream {
  const watched = (seen.get(family) ?? new Sightings(family)).watch();
  return { subscription: source.subscribe(family.name, intervalMs, watched), watched };
}

/** The family with the fewest figures of those that may be read most often: how punctual its ticks are is up to the host. */
function lightest(families: readonly FamilyDescriptor[]): FamilyDescriptor {
  const weight = ({ floorIntervalMs, fields }: FamilyDescriptor) => floorIntervalMs * 10_000 + fields.length;
  return families.reduce((best, family) => (weight(family) < weight(best) ? family : best));
}

async function tickFast(source: FrameSource): Promise<Omit<Timing, 'cpu_us_per_tick_at_1hz'>> {
  const family = lightest(source.catalogue.families);
  const lateness: number[] = [];
  const { promise: first, resolve } = Promise.withResolvers<void>();
  const subscription = source.subscribe(family.name, family.floorIntervalMs, {
    frame: ({ latenessUs }) => {
      lateness.push(latenessUs);
      resolve();
    },
  });
  const giveUp = new AbortController();
  await Promise.race([first, sleep(FIRST_FRAME_MS, undefined, { signal: giveUp.signal }).catch(() => undefined)]);
  giveUp.abort();
  await sleep(TICKING_MS);
  subscription.close();
  lateness.sort((a, b) => a - b);
  const quantile = (share: number) => lateness[Math.ceil(lateness.length * share) - 1] ?? null;
  return {
    tick_interval_ms: subscription.intervalMs,
    tick_family: family.name,
    ticks: lateness.length,
    missed_ticks: source.stats().missed,
    lateness_us: { median: quantile(0.5), p99: quantile(0.99), max: lateness.at(-1) ?? null },
  };
}

/** CPU time of the sampler thread for the tick at the next whole second that nothing comes shortly before; null when it never came. */
async function cpuOfNextTick(source: FrameSource, streams: readonly Stream[]): Promise<number | null> {
  await sleep(SETTLED_MS);
  await sleep(untilSecond(REST_MS) - HANDED_OVER_MS);
  const tickMs = Date.now() + untilSecond(0);
  const before = source.stats().cpuNs;
  await sleep(tickMs - Date.now() + HANDED_OVER_MS);
  return (await framesSince(tickMs, streams)) ? source.stats().cpuNs - before : null;
}

/** Whether every stream that ticks once a second has a frame of that time or later; on a busy host they may come late. */
async function framesSince(timeMs: number, streams: readonly Stream[]): Promise<boolean> {
  const giveUpAtMs = Date.now() + LATE_MS;
  const waiting = () =>
    streams.some(({ subscription, watched }) => subscription.intervalMs <= SECOND_MS && watched.newestMs < timeMs);
  while (waiting() && Date.now() < giveUpAtMs) await sleep(HANDED_OVER_MS);
  return !waiting();
}

function untilSecond(atLeastMs: number): number {
  const earliest = Date.now() + atLeastMs;
  return Math.ceil(earliest / SECOND_MS) * SECOND_MS - Date.now();
}

interface Readings {
  before: SamplerStats;
  after: SamplerStats;
  /** By family, those between the two. */
  frames: ReadonlyMap<FamilyDescriptor, number>;
}

async function readAtFloors(source: FrameSource, seen: ReadonlyMap<FamilyDescriptor, Sightings>): Promise<Readings> {
  const { families } = source.catalogue;
  const opened = families.map((family) => ({ family, ...watch(source, family, family.floorIntervalMs, seen) }));
  await sleep(SETTLED_MS);
  const sinceMs = Date.now();
  const before = source.stats();
  for (const { watched } of opened) watched.frames = 0;
  await sleep(untilSecond(SECOND_MS / 2) + HANDED_OVER_MS);
  await framesSince(sinceMs, opened);
  const after = source.stats();
  const frames = new Map(opened.map(({ family, watched }) => [family, watched.frames]));
  for (const { subscription } of opened) subscription.close();
  return { before, after, frames };
}

function familyReport(
  family: FamilyDescriptor,
  seen: Sightings | undefined,
  frames: number,
  before: SamplerStats,
  after: SamplerStats,
): FamilyReport {
  const { name, optIn, floorIntervalMs, fields } = family;
  const { available = false, reason = '' } = after.families.find((status) => status.name === name) ?? {};
  const earlier = new Map(before.readers.map((reader) => [`${reader.name} ${reader.path}`, reader]));
  const spans = after.readers
    .filter((reader) => reader.families.includes(name))
    .map((reader) => ({ before: earlier.get(`${reader.name} ${reader.path}`), after: reader }));
  return {
    family: name,
    available,
    reason: reason || null,
    opt_in: optIn,
    floor_interval_ms: floorIntervalMs,
    cost_us_per_read: available ? tenths(familyCost(spans, frames)) : null,
    instances: seen?.instances ?? 0,
    readers: spans.map((span) => ({
      name: span.after.name,
      path: span.after.path,
      cost_us_per_read: tenths(readingCost(span)),
      aside: span.after.aside,
      problem: span.after.failing || span.after.idle ? span.after.lastError : null,
    })),
    fields: fields.map(({ name, resolutionMs, windowMs }, index) => ({
      name,
      resolution_ms: resolutionMs,
      window_ms: windowMs,
      has_value: seen?.hasValue(index) ?? null,
    })),
  };
}

function eventReport({ family, name, pmu, available, reason, remedy }: PerfEventStatus): PerfEventReport {
  return { family, name, pmu: pmu || null, available, reason: reason || null, remedy: remedy || null };
}
