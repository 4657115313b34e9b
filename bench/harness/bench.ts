import type { BenchLine } from './line.ts';

/** What a bench is told, and where its results go. */
export interface BenchRun {
  /** Cases to run. */
  cases: readonly string[];
  /** How long each side of a case is measured. */
  seconds: number;
  /** Aborted when somebody wants the run to end. */
  signal: AbortSignal;
  report(line: BenchLine): void;
  /** Something a reader of the figures must know; not part of the results. */
  note(text: string): void;
}

export interface Bench {
  name: string;
  cases: readonly string[];
  /** Long enough for figures worth quoting. */
  defaultSeconds: number;
  run(run: BenchRun): Promise<void>;
}

/** The bench cannot run: said in one line. */
export class BenchError extends Error {
  readonly code = 'TACHO_BENCH';
}
