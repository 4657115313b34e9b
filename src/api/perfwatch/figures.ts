/** How figures are shown: rounded to what they mean, and null where there is no value. */

/** A whole number: byte rates, byte levels, counts. */
export function whole(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value) : null;
}

/** A percentage, to a hundredth. */
export function percent(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 100) / 100 : null;
}

/** Any other figure, to a thousandth. */
export function figure(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1_000) / 1_000 : null;
}
