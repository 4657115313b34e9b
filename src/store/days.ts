/** A UTC day in µs; there are no leap seconds in Unix time. */
export const DAY_US = 86_400_000_000;

/** The start of the UTC day that `us` lies in. */
export function dayOf(us: number): number {
  return Math.floor(us / DAY_US) * DAY_US;
}
