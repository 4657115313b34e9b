import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Outbox, type OutboxOptions } from '../../src/pipeline/outbox.ts';
import { LOCAL_SOURCE, type PackedEntry, packEntry } from '../../src/pipeline/outbox-entry.ts';
import type { PipelineReport } from '../../src/pipeline/outbox-errors.ts';
import type { StoreBatch } from '../../src/store/contract.ts';

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Runs after the test, last one first. */
export function afterwards(cleanup: () => void): void {
  cleanups.push(cleanup);
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tacho-outbox-'));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface OpenedOutbox {
  outbox: Outbox;
  reports: PipelineReport[];
  path: string;
}

/** An outbox in a temporary folder, or in the given one; closed after the test. */
export function openOutbox(options: Partial<OutboxOptions> & { folder?: string } = {}): OpenedOutbox {
  const { folder = temporaryFolder(), ...rest } = options;
  const path = join(folder, 'outbox.db');
  const reports: PipelineReport[] = [];
  const outbox = new Outbox({ path, report: (line) => reports.push(line), ...rest });
  afterwards(() => outbox.close());
  return { outbox, reports, path };
}

/** An entry of `bytes` of frames; of the local source unless said otherwise. */
export function framesEntry(bytes: number, overrides: Partial<PackedEntry> = {}): PackedEntry {
  const payload = new Uint8Array(bytes).map((_, index) => index * 7);
  const content = { kind: 'frames', collector: 1, payload } as const;
  return { ...packEntry({ source: LOCAL_SOURCE, policy: 'drop_oldest', content }), ...overrides };
}

export function agentEntry(source: string, bytes = 100): PackedEntry {
  return framesEntry(bytes, { source, policy: 'refuse', durable: true });
}

export function names(batches: readonly StoreBatch[]): string[] {
  return batches.map(({ source, number }) => `${source} ${number}`);
}
