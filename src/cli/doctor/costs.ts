import type { SamplerStats } from '../../collect/addon.ts';

type ReaderStats = SamplerStats['readers'][number];

/** A reader's running totals at two times. */
export interface ReaderSpan {
  before: ReaderStats | undefined;
  after: ReaderStats;
}

/** What a reading took on average between the two times, in µs; since the start when there was none between them. */
export function readingCost({ before, after }: ReaderSpan): number | null {
  const reads = after.reads - (before?.reads ?? 0);
  if (reads > 0) return (after.totalNs - (before?.totalNs ?? 0)) / reads / 1_000;
  return after.reads > 0 ? after.totalNs / after.reads / 1_000 : null;
}

/**
 * What reading a family takes, in µs: the cost of each of its readers, by the share of the family's frames that it was read for. One
 * that several families share counts whole for each of them; one that fails is tried seldom, and counts for little. Without frames,
 * as for families that are not due yet, each counts whole.
 */
export function familyCost(readers: readonly ReaderSpan[], frames: number): number | null {
  const shares = readers.flatMap((span) => {
    const cost = readingCost(span);
    if (cost === null) return [];
    const reads = span.after.reads - (span.before?.reads ?? 0);
    return frames === 0 ? cost : cost * Math.min(1, reads / frames);
  });
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0);
}

/** To a tenth; null stays null. */
export function tenths(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Math.round(value * 10) / 10;
}
