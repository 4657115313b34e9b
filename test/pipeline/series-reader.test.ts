import { describe, expect, test } from 'vitest';
import type { OutboxStatus } from '../../src/pipeline/outbox-client.ts';
import { SeriesReader } from '../../src/pipeline/series-reader.ts';
import type { SeriesStore } from '../../src/store/contract.ts';

const HOUR_MS = 3_600_000;

function readerOver(oldestAgeMs: number, flush: () => Promise<{ stale: boolean }>) {
  const status = async () => ({ oldestAgeMs }) as OutboxStatus;
  return new SeriesReader({} as SeriesStore, { flush, status });
}

const usBefore = (ms: number) => (Date.now() - ms) * 1_000;

describe('a read asks for a flush', () => {
  test('when it reaches into the present', async () => {
    expect(await readerOver(0, async () => ({ stale: true })).catchUp(usBefore(0))).toBe(true);
  });

  test('when it reaches to what has waited for long', async () => {
    const reader = readerOver(2 * HOUR_MS, async () => ({ stale: true }));
    expect(await reader.catchUp(usBefore(HOUR_MS))).toBe(true);
    expect(await reader.catchUp(usBefore(3 * HOUR_MS))).toBe(false);
  });

  test('and is answered stale when the outbox fails', async () => {
    const reader = readerOver(0, () => Promise.reject(new Error('the outbox is closed')));
    expect(await reader.catchUp(usBefore(0))).toBe(true);
  });
});
