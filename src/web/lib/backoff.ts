const FIRST_MS = 500;
const CEILING_MS = 15_000;

/**
 * How long to wait before reconnecting, in ms: doubling from half a second to 15 s, of which a random half is taken off, so
 * that the pages of one daemon don't all return in the same instant after it restarts.
 *
 * @param attempt how many attempts have failed before, from 0
 * @param random a number from [0, 1)
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling * (1 - random / 2));
}
