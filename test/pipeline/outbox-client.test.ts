import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { type OutboxHandle, type StartOutboxOptions, startOutbox } from '../../src/pipeline/outbox-client.ts';
import type { OutboxEntry } from '../../src/pipeline/outbox-entry.ts';
import { type AppendResult, type StoreBatch, StoreError, type StoreHealth } from '../../src/store/contract.ts';
import { serveCalls } from '../../src/threads/rpc.ts';
import { afterwards, names, openOutbox, temporaryFolder } from './fixtures.ts';

const started: Worker[] = [];

vi.mock(import('../../src/threads/table.ts'), async (importOriginal) => {
  const { startThread } = await importOriginal();
  return {
    startThread: (...args) => {
      const worker = startThread(...args);
      started.push(worker);
      return worker;
    },
  };
});

class MemoryStore {
  readonly batches: StoreBatch[] = [];
  readonly #up: boolean;

  constructor({ up = true } = {}) {
    this.#up = up;
  }

  append(batches: readonly StoreBatch[]): AppendResult {
    if (!this.#up) throw new StoreError('TACHO_STORE_UNAVAILABLE', 'not today');
    this.batches.push(...batches);
    return { applied: batches.length, replayed: 0, refusedRows: {} };
  }

  check(): StoreHealth {
    return { ok: this.#up, reasons: [] };
  }
}

async function start(store: MemoryStore, options: Partial<StartOutboxOptions> = {}): Promise<OutboxHandle> {
  const { port1, port2 } = new MessageChannel();
  serveCalls(port1, store);
  afterwards(() => port1.close());
  const outbox = await startOutbox({ dataDir: temporaryFolder(), storePort: port2, ...options });
  afterwards(() => void outbox.close().catch(() => {}));
  return outbox;
}

function framesOf(payload: Uint8Array, lastTimestampUs = 1_763_800_000_000_000): OutboxEntry {
  return {
    source: 'local',
    policy: 'drop_oldest',
    content: { kind: 'frames', collector: 1, payload },
    lastTimestampUs,
  };
}

describe('the outbox thread', () => {
  it('takes entries in, and a flush brings them to the store', async () => {
    const store = new MemoryStore();
    const outbox = await start(store);
    const events: OutboxEntry['content'] = {
      kind: 'events',
      table: { name: 'org_metrics', columns: { name: 'text' } },
      rows: [{ id: 'a', timestampUs: 1, values: { name: 'ü' } }],
    };
    expect(await outbox.put(framesOf(Uint8Array.of(1, 2, 3)))).toBe(1);
    expect(await outbox.put(framesOf(Uint8Array.of(4)))).toBe(2);
    expect(await outbox.put({ source: 'metrics', policy: 'refuse', content: events, durable: true })).toBe(1);
    expect(await outbox.status()).toMatchObject({ depth: 3, state: 'ok' });
    expect(await outbox.flush()).toEqual({ stale: false });
    expect(names(store.batches)).toEqual(['local 1', 'metrics 1', 'local 2']);
    expect(store.batches.map(({ spool }) => spool)).toEqual(Array(3).fill(outbox.spool));
    expect(store.batches[0]!.content).toEqual({ kind: 'frames', collector: 1, payload: Uint8Array.of(1, 2, 3) });
    expect(store.batches[1]!.content).toEqual(events);
    expect(await outbox.status()).toEqual({
      depth: 0,
      bytes: 0,
      maxBytes: 1024 ** 3,
      oldestAgeMs: 0,
      dropped: 0,
      refused: 0,
      retries: 0,
      refusedRows: {},
      deadLetters: 0,
      state: 'ok',
      lastError: null,
    });
  });

  it('moves payloads instead of copying them, and only what was handed over', async () => {
    const store = new MemoryStore();
    const outbox = await start(store);
    const whole = Uint8Array.of(1, 2, 3);
    const buffer = Uint8Array.of(9, 9, 1, 2, 3, 9);
    await Promise.all([outbox.put(framesOf(whole)), outbox.put(framesOf(buffer.subarray(2, 5)))]);
    expect(whole.byteLength).toBe(0);
    expect([...buffer]).toEqual([9, 9, 1, 2, 3, 9]);
    await outbox.flush();
    const payloads = store.batches.map(({ content }) => content.kind === 'frames' && [...content.payload]);
    expect(payloads).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('shows under its name', async () => {
    await start(new MemoryStore());
    const tasks = readdirSync('/proc/self/task').map((task) =>
      readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim(),
    );
    expect(tasks).toContain('tacho-outbox');
  });

  it('flushes when it is closed, and leaves an orderly file', async () => {
    const dataDir = temporaryFolder();
    const store = new MemoryStore();
    const outbox = await start(store, { dataDir });
    await outbox.put(framesOf(Uint8Array.of(1), 1_763_800_000_000_003));
    await Promise.all([outbox.close(), outbox.close()]);
    expect(names(store.batches)).toEqual(['local 1']);
    expect(statSync(join(dataDir, 'outbox.db-wal'), { throwIfNoEntry: false })).toBeUndefined();
    const again = await start(store, { dataDir });
    expect(again.lastTimestampUs).toBe(1_763_800_000_000_003);
    expect(again.spool).toBe(outbox.spool);
    expect(await again.put(framesOf(Uint8Array.of(1)))).toBe(2);
  });

  it('keeps what a store that is down cannot take, says so, and closes in time', async () => {
    const dataDir = temporaryFolder();
    const report = vi.fn();
    const outbox = await start(new MemoryStore({ up: false }), { dataDir, report });
    await outbox.put(framesOf(Uint8Array.of(1)));
    expect(await outbox.flush()).toEqual({ stale: true });
    expect(await outbox.status()).toMatchObject({ depth: 1, state: 'degraded', lastError: 'not today' });
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ level: 'error', details: expect.anything() }));
    await outbox.close();
    expect(openOutbox({ folder: dataDir }).outbox.depth().batches).toBe(1);
  });

  it('refuses and drops past its bound, and is degraded then', async () => {
    const outbox = await start(new MemoryStore({ up: false }), { maxBytes: 2_000 });
    await outbox.put(framesOf(new Uint8Array(1_000)));
    const refused = outbox.put({ ...framesOf(new Uint8Array(1_000)), source: 'agent', policy: 'refuse' });
    await expect(refused).rejects.toMatchObject({ code: 'TACHO_OUTBOX_FULL' });
    expect(await outbox.put(framesOf(new Uint8Array(1_700)))).toBe(2);
    expect(await outbox.status()).toMatchObject({ depth: 1, dropped: 1, refused: 1, state: 'degraded' });
  });

  it('does not start with a file of a newer format, and ends', async () => {
    const dataDir = temporaryFolder();
    await (await start(new MemoryStore(), { dataDir })).close();
    const database = new DatabaseSync(join(dataDir, 'outbox.db'));
    database.exec('PRAGMA user_version = 9');
    database.close();
    const onExit = vi.fn();
    await expect(start(new MemoryStore(), { dataDir, onExit })).rejects.toMatchObject({
      code: 'TACHO_OUTBOX_VERSION',
      message: expect.stringContaining('format 9'),
    });
    expect(started.at(-1)!.threadId).toBe(-1);
    expect(onExit).not.toHaveBeenCalled();
  });

  it('that dies unasked is told, and nobody waits for its answers', async () => {
    const exited = Promise.withResolvers<Error>();
    const outbox = await start(new MemoryStore(), { onExit: exited.resolve });
    const pending = outbox.put(framesOf(new Uint8Array(10))).then(() => outbox.put(framesOf(new Uint8Array(10))));
    const settled = Promise.allSettled([pending]);
    await started.at(-1)!.terminate();
    expect((await exited.promise).message).toContain('outbox thread');
    await settled;
    await expect(outbox.status()).rejects.toMatchObject({ code: 'TACHO_THREAD_GONE' });
  });
});
