import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Outbox } from '../../src/pipeline/outbox.ts';
import type { PipelineReport } from '../../src/pipeline/outbox-errors.ts';
import { type FlushResult, Writer, type WriterOptions, type WriterStore } from '../../src/pipeline/writer.ts';
import { type AppendResult, type StoreBatch, StoreError, type StoreHealth } from '../../src/store/contract.ts';
import { afterwards, agentEntry, framesEntry, names, openOutbox } from './fixtures.ts';

/** Applies batches as a store does: each once, in any order of sources, a source's own in the order of their numbers. */
class ScriptedStore implements WriterStore {
  readonly appends: string[][] = [];
  readonly applied: string[] = [];
  health: StoreHealth = { ok: true, reasons: [] };
  /** What each append refuses, as older than retention. */
  refusedRows: Record<string, number> = {};
  /** What the next append does before it applies anything; the last one stays in force. */
  script: ((batches: readonly StoreBatch[]) => void | Promise<void>)[] = [() => {}];
  readonly #last = new Map<string, number>();

  async append(batches: readonly StoreBatch[]): Promise<AppendResult> {
    this.appends.push(names(batches));
    const step = this.script.length > 1 ? this.script.shift() : this.script[0];
    await step?.(batches);
    const fresh = batches.filter(({ source, number }) => number > (this.#last.get(source) ?? 0));
    for (const { source, number } of fresh) this.#last.set(source, number);
    this.applied.push(...names(fresh));
    return { applied: fresh.length, replayed: batches.length - fresh.length, refusedRows: this.refusedRows };
  }

  check(): Promise<StoreHealth> {
    return Promise.resolve(this.health);
  }
}

const down = (): never => {
  throw new StoreError('TACHO_STORE_UNAVAILABLE', 'connection refused');
};
const hang = (): Promise<void> => new Promise(() => {});
/** Refuses every append that holds the named batch. */
const refuses =
  (name: string, error: Error) =>
  (batches: readonly StoreBatch[]): void => {
    if (names(batches).includes(name)) throw error;
  };
const typeConflict = (): StoreError => new StoreError('TACHO_STORE_TYPE_CONFLICT', 'column value: text is no double');

interface Bench {
  outbox: Outbox;
  store: ScriptedStore;
  writer: Writer;
  reports: PipelineReport[];
  put: (...entries: ReturnType<typeof framesEntry>[]) => void;
}

function bench(options: WriterOptions = {}): Bench {
  const { outbox } = openOutbox();
  const store = new ScriptedStore();
  const reports: PipelineReport[] = [];
  const writer = new Writer(outbox, store, {
    flushIntervalMs: 10_000,
    report: (line) => reports.push(line),
    ...options,
  });
  afterwards(() => void writer.close());
  const put = (...entries: ReturnType<typeof framesEntry>[]): void => {
    outbox.putMany(entries);
    writer.noticePut();
  };
  return { outbox, store, writer, reports, put };
}

/** Lets so much time pass for timers, and everything that they start. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A flush that resolves within so many ms. */
async function flushed(writer: Writer, withinMs: number): Promise<FlushResult | 'not yet'> {
  let result: FlushResult | 'not yet' = 'not yet';
  void writer.flush().then((value) => {
    result = value;
  });
  await pass(withinMs);
  return result;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the writer', () => {
  it('moves what waits once per interval', async () => {
    const { outbox, store, put } = bench({ flushIntervalMs: 10_000 });
    put(framesEntry(10));
    await pass(6_000);
    put(framesEntry(10), agentEntry('a'));
    await pass(3_999);
    expect(store.appends).toEqual([]);
    await pass(1);
    expect(store.appends).toEqual([['local 1', 'a 1', 'local 2']]);
    expect(outbox.depth().batches).toBe(0);
    put(framesEntry(10));
    await pass(10_000);
    expect(store.appends.slice(1)).toEqual([['local 3']]);
  });

  it('counts the rows that are older than retention, and reports each table once an hour', async () => {
    const { store, put, writer, reports } = bench();
    const refused = (table: string, rows: number) => ({
      level: 'warn',
      message: 'rows older than retention_days were refused',
      details: { table, rows },
    });
    store.refusedRows = { cpu: 3 };
    put(framesEntry(10));
    await pass(10_000);
    store.refusedRows = { cpu: 2, disk: 1 };
    put(framesEntry(10));
    await pass(10_000);
    expect(writer.status().refusedRows).toEqual({ cpu: 5, disk: 1 });
    expect(reports).toEqual([refused('cpu', 3), refused('disk', 1)]);
    await pass(3_600_000);
    put(framesEntry(10));
    await pass(10_000);
    expect(writer.status().refusedRows).toEqual({ cpu: 7, disk: 2 });
    expect(reports.slice(2)).toEqual([refused('cpu', 4), refused('disk', 1)]);
  });

  it('leaves an idle store alone', async () => {
    const { store, writer } = bench();
    await pass(60_000);
    expect(await flushed(writer, 0)).toEqual({ stale: false });
    expect(store.appends).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('moves what an earlier run left behind', async () => {
    const { outbox, store } = bench();
    outbox.put(framesEntry(10));
    const writer = new Writer(outbox, store, { flushIntervalMs: 5_000 });
    afterwards(() => void writer.close());
    await pass(5_000);
    expect(store.applied).toEqual(['local 1']);
  });

  it('starts at once when much waits', async () => {
    const { store, put } = bench({ flushBytes: 50_000 });
    put(framesEntry(40_000));
    await pass(100);
    expect(store.appends).toEqual([]);
    put(framesEntry(40_000));
    await pass(2);
    expect(store.applied).toEqual(['local 1', 'local 2']);
  });

  it('keeps its appends small', async () => {
    const { store, put, writer } = bench({ appendBytes: 50_000 });
    put(...Array.from({ length: 10 }, () => framesEntry(20_000)));
    expect(await flushed(writer, 10)).toEqual({ stale: false });
    expect(store.appends.map((append) => append.length)).toEqual([2, 2, 2, 2, 2]);
  });
});

describe('flush', () => {
  it('resolves when everything acknowledged before it is in the store', async () => {
    const { store, put, writer } = bench();
    put(framesEntry(10), agentEntry('a'));
    expect(await flushed(writer, 10)).toEqual({ stale: false });
    expect(store.applied).toEqual(['local 1', 'a 1']);
  });

  it('shares one pass between calls at the same time', async () => {
    const { store, put, writer } = bench();
    put(framesEntry(10));
    const flushes = Promise.all(Array.from({ length: 50 }, () => writer.flush()));
    await pass(10);
    expect(await flushes).toEqual(Array(50).fill({ stale: false }));
    expect(store.appends).toHaveLength(1);
  });

  it('starts at most four passes a second', async () => {
    const { store, put, writer } = bench();
    const results: FlushResult[] = [];
    for (let ms = 0; ms < 990; ms += 10) {
      put(framesEntry(10));
      void writer.flush().then((result) => results.push(result));
      await pass(10);
    }
    expect(store.appends.length).toBeGreaterThanOrEqual(3);
    expect(store.appends.length).toBeLessThanOrEqual(4);
    await pass(250);
    expect(results).toEqual(Array(99).fill({ stale: false }));
  });

  it('within 250 ms of a start waits for the next one, not for the interval', async () => {
    const { store, put, writer } = bench();
    put(framesEntry(10));
    await flushed(writer, 10);
    put(framesEntry(10));
    expect(await flushed(writer, 200)).toBe('not yet');
    await pass(60);
    expect(store.applied).toEqual(['local 1', 'local 2']);
  });

  it('does not wait for what comes after it', async () => {
    const { outbox, store, put, writer } = bench();
    const gate = Promise.withResolvers<void>();
    store.script = [() => gate.promise, hang];
    put(framesEntry(10));
    const first = writer.flush();
    await pass(10);
    put(framesEntry(10));
    gate.resolve();
    expect(await first).toEqual({ stale: false });
    expect(outbox.depth().batches).toBe(1);
  });

  it.each([
    ['down', down],
    ['silent', hang],
  ])('is stale after two seconds when the store is %s', async (_case, behaviour) => {
    const { store, outbox, put, writer } = bench();
    store.script = [behaviour];
    put(framesEntry(10));
    expect(await flushed(writer, 1_999)).toBe('not yet');
    expect(await flushed(writer, 2_000)).toEqual({ stale: true });
    expect(outbox.depth().batches).toBe(1);
  });
});

describe('a store that is down', () => {
  it('is tried again, less and less often, and takes everything once it is back', async () => {
    const { outbox, store, put, reports, writer } = bench();
    store.script = [down];
    put(framesEntry(10));
    await pass(10_000);
    expect(store.appends).toHaveLength(1);
    expect(writer.status()).toEqual({
      state: 'degraded',
      lastError: 'connection refused',
      retries: 1,
      refusedRows: {},
    });
    await pass(10_000);
    const early = store.appends.length;
    expect(early).toBeGreaterThanOrEqual(5);
    put(agentEntry('a'));
    await pass(600_000);
    const attempts = store.appends.length - early;
    expect(attempts).toBeGreaterThanOrEqual(600 / 30 - 2);
    expect(attempts).toBeLessThanOrEqual(600 / 15 + 3);
    expect(reports).toMatchObject([{ level: 'error', details: { error: 'connection refused' } }]);

    store.script = [() => {}];
    await pass(30_000);
    expect(store.applied.sort()).toEqual(['a 1', 'local 1']);
    expect(outbox.depth().batches).toBe(0);
    expect(writer.status()).toMatchObject({ state: 'ok', lastError: null });
    expect(reports.slice(1)).toEqual([{ level: 'info', message: 'the store takes data again' }]);
  });

  it('is tried sooner when a reader waits, but not hammered', async () => {
    const { store, put, writer } = bench();
    store.script = [down];
    put(framesEntry(10));
    await pass(300_000);
    const before = store.appends.length;
    for (let call = 0; call < 100; call += 1) await flushed(writer, 100);
    expect(store.appends.length - before).toBeGreaterThanOrEqual(9);
    expect(store.appends.length - before).toBeLessThanOrEqual(11);
    store.script = [() => {}];
    expect(await flushed(writer, 1_100)).toEqual({ stale: false });
  });

  it('is told apart from one that does not answer', async () => {
    const { store, put, writer } = bench({ flushIntervalMs: 1_000 });
    const gate = Promise.withResolvers<void>();
    store.script = [() => gate.promise];
    put(framesEntry(10));
    await pass(10_000);
    expect(writer.status().state).toBe('ok');
    await pass(5_000);
    expect(writer.status()).toMatchObject({
      state: 'degraded',
      lastError: expect.stringMatching(/not answered for 14 s/),
    });
    gate.resolve();
    await pass(0);
    expect(writer.status()).toEqual({ state: 'ok', lastError: null, retries: 0, refusedRows: {} });
  });

  it('gets a batch again whose acknowledgement was lost, and knows it', async () => {
    const { store, put } = bench({ flushIntervalMs: 1_000 });
    const append = store.append.bind(store);
    const lost = vi.spyOn(store, 'append').mockImplementationOnce(async (batches) => {
      await append(batches);
      throw new StoreError('TACHO_STORE_UNAVAILABLE', 'connection reset');
    });
    put(framesEntry(10), framesEntry(10));
    await pass(5_000);
    expect(lost).toHaveBeenCalledTimes(2);
    expect(store.applied).toEqual(['local 1', 'local 2']);
  });

  it('is what an error of the queue itself looks like', async () => {
    const { outbox, store, put, writer } = bench({ flushIntervalMs: 1_000 });
    vi.spyOn(outbox, 'release').mockImplementationOnce(() => {
      throw Object.assign(new Error('the disk is full'), { code: 'TACHO_OUTBOX_FULL' });
    });
    put(framesEntry(10));
    await pass(1_000);
    expect(writer.status()).toMatchObject({ state: 'degraded', lastError: 'the disk is full' });
    await pass(1_000);
    expect(store.applied).toEqual(['local 1']);
    expect(outbox.depth().batches).toBe(0);
  });
});

describe('a bad batch', () => {
  it('is found among good ones, kept aside, and holds up none of them', async () => {
    const { outbox, store, put, writer } = bench();
    store.script = [refuses('a 2', typeConflict())];
    put(...Array.from({ length: 7 }, () => framesEntry(10)), agentEntry('a'), agentEntry('a'), agentEntry('a'));
    expect(await flushed(writer, 10)).toEqual({ stale: false });
    expect(outbox.deadLetters).toBe(1);
    expect(outbox.depth().batches).toBe(0);
    expect(store.applied).toHaveLength(9);
    const of = (source: string): string[] => store.applied.filter((name) => name.startsWith(source));
    expect(of('local')).toEqual([1, 2, 3, 4, 5, 6, 7].map((number) => `local ${number}`));
    expect(of('a')).toEqual(['a 1', 'a 3']);
    expect(writer.status()).toMatchObject({ state: 'ok', lastError: null });
  });

  it('does not cost the others when there are several', async () => {
    const { outbox, store, put, writer } = bench();
    store.script = [
      (batches) => {
        if (batches.some(({ number }) => number % 3 === 0)) throw typeConflict();
      },
    ];
    put(...Array.from({ length: 20 }, () => framesEntry(10)));
    expect(await flushed(writer, 10)).toEqual({ stale: false });
    expect(outbox.deadLetters).toBe(6);
    expect(store.applied).toHaveLength(14);
  });

  it('is not blamed for a store that goes down while it is looked for', async () => {
    const { outbox, store, put, writer } = bench();
    const conflict = refuses('local 3', typeConflict());
    store.script = [conflict, down];
    put(...Array.from({ length: 4 }, () => framesEntry(10)));
    await flushed(writer, 100);
    expect(outbox.deadLetters).toBe(0);
    expect(outbox.depth().batches).toBe(4);
    store.script = [conflict];
    await pass(5_000);
    expect(store.applied).toEqual(['local 1', 'local 2', 'local 4']);
    expect(outbox.deadLetters).toBe(1);
  });

  it('with an error nobody knows is blamed after some patience, if the store says that it is well', async () => {
    const { outbox, store, put } = bench({ flushIntervalMs: 1_000 });
    store.script = [refuses('local 2', new RangeError('offset is out of bounds'))];
    store.health = { ok: false, reasons: ['disk'] };
    put(...Array.from({ length: 3 }, () => framesEntry(10)));
    await pass(120_000);
    expect(outbox.deadLetters).toBe(0);
    expect(outbox.depth().batches).toBe(3);
    store.health = { ok: true, reasons: [] };
    await pass(30_000);
    expect(outbox.deadLetters).toBe(1);
    expect(store.applied).toEqual(['local 1', 'local 3']);
  });
});

describe('close', () => {
  it('moves what waits', async () => {
    const { store, put, writer } = bench();
    put(framesEntry(10), framesEntry(10));
    await writer.close();
    expect(store.applied).toEqual(['local 1', 'local 2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['down', down, 0],
    ['silent', hang, 3_000],
  ])('gives up on a store that is %s, and touches nothing afterwards', async (_case, behaviour, afterMs) => {
    const { outbox, store, put, writer } = bench();
    store.script = [behaviour];
    put(framesEntry(10));
    let closed = false;
    const waiting = writer.flush();
    const closing = writer.close().then(() => {
      closed = true;
    });
    await pass(afterMs);
    await closing;
    expect(closed).toBe(true);
    expect(await waiting).toEqual({ stale: true });
    expect(await writer.flush()).toEqual({ stale: true });
    expect(outbox.depth().batches).toBe(1);
    const appends = store.appends.length;
    writer.noticePut();
    await pass(60_000);
    expect(store.appends).toHaveLength(appends);
  });

  it('does not release what the store acknowledges too late', async () => {
    const { outbox, store, put, writer } = bench();
    const gate = Promise.withResolvers<void>();
    store.script = [() => gate.promise];
    put(framesEntry(10));
    const closing = writer.close();
    await pass(3_000);
    await closing;
    outbox.close();
    gate.resolve();
    await pass(1);
    expect(store.applied).toEqual(['local 1']);
    expect(writer.status().lastError).toBeNull();
  });
});
