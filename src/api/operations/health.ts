import type { SamplerStats } from '../../collect/addon.ts';
import type { OutboxStatus } from '../../pipeline/outbox-client.ts';
import { messageOf } from '../../pipeline/outbox-errors.ts';
import type { SeriesStore } from '../../store/contract.ts';

/** Whether the daemon can do its work: `unavailable` when what it samples may be lost, `degraded` when part of it is missing. */
export interface Health {
  status: 'ready' | 'degraded' | 'unavailable';
  /** Each in words a person can act on. */
  reasons: string[];
}

export interface HealthSources {
  store: Pick<SeriesStore, 'check'>;
  outboxStatus(): Promise<OutboxStatus>;
  samplerStats(): SamplerStats;
  /** Why the state file cannot be written; null while it can. */
  stateFailure(): string | null;
}

/** A store that does not answer a check within this is unreachable. */
const CHECK_PATIENCE_MS = 2_000;

export async function checkHealth(sources: HealthSources): Promise<Health> {
  const [store, outbox] = await Promise.all([storeReasons(sources), outboxReasons(sources)]);
  const failure = sources.stateFailure();
  const blocking = [...store, ...outbox, ...(failure === null ? [] : [`state: ${failure}`])];
  const degraded = samplerReasons(sources.samplerStats());
  const status = blocking.length > 0 ? 'unavailable' : degraded.length > 0 ? 'degraded' : 'ready';
  return { status, reasons: [...blocking, ...degraded] };
}

async function storeReasons({ store }: HealthSources): Promise<string[]> {
  try {
    const { ok, reasons } = await withPatience(store.check(), 'the store does not answer');
    return ok ? [] : reasons.map((reason) => `store: ${reason}`);
  } catch (error) {
    return [`store: ${messageOf(error)}`];
  }
}

async function outboxReasons({ outboxStatus }: HealthSources): Promise<string[]> {
  try {
    const { bytes, maxBytes, state, lastError } = await withPatience(outboxStatus(), 'the outbox does not answer');
    const reasons = bytes > maxBytes / 2 ? [`outbox: ${bytes} of at most ${maxBytes} bytes wait for the store`] : [];
    return state === 'ok' ? reasons : [...reasons, `outbox: ${lastError}`];
  } catch (error) {
    return [`outbox: ${messageOf(error)}`];
  }
}

/** Every Linux has these: without them the root that is sampled is no proc file system. */
const ALWAYS_THERE: ReadonlySet<string> = new Set(['stat', 'meminfo', 'loadavg', 'uptime', 'vmstat']);

/** A feature that this kernel never had is no fault; a file that cannot be read any more, or is not permitted, is. */
export function samplerReasons({ readers }: SamplerStats): string[] {
  const neverHad = ({ name, lastError, reads, errors }: SamplerStats['readers'][number]) =>
    lastError.startsWith('ENOENT') && errors === reads && !ALWAYS_THERE.has(name);
  return readers
    .filter((reader) => reader.failing && !neverHad(reader))
    .map(({ name, lastError }) => `sampler: ${name}: ${lastError}`);
}

async function withPatience<T>(answer: Promise<T>, otherwise: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(otherwise)), CHECK_PATIENCE_MS);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
