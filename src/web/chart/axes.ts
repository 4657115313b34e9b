/** Where the vertical axis ends and how far apart its lines are. */
export interface Scale {
  top: number;
  step: number;
}

const LINES = 4;

/** An axis of bytes from 0 to at least `max`: the lines fall on powers of two, which read as whole KiB and MiB. */
export function byteScale(max: number): Scale {
  const step = 2 ** Math.ceil(Math.log2(Math.max(max, 1024) / LINES));
  return { top: Math.ceil(Math.max(max, 1024) / step) * step, step };
}

/** An axis of bytes that ends at a known `total` (or higher, should the values), so that the height of a line means something. */
export function bytesOfTotal(total: number | null): (max: number) => Scale {
  return (max) => (total === null ? byteScale(max) : { ...byteScale(total), top: Math.max(max, total) });
}

/** An axis of plain numbers from 0 to at least `max` and `least`: the lines are 1, 2 or 5 times a power of ten apart. */
export function numberScale(max: number, least = 1): Scale {
  const wanted = Math.max(max, least);
  const magnitude = 10 ** Math.floor(Math.log10(wanted / LINES));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * magnitude * LINES >= wanted * (1 - 1e-9)) ?? 10;
  const step = factor * magnitude;
  return { top: Math.ceil((wanted / step) * (1 - 1e-9)) * step, step };
}

/** 0 to 100. */
export const percentScale = (): Scale => ({ top: 100, step: 25 });

export function splits({ top, step }: Scale): number[] {
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, index) => index * step);
}
