/** The colours that a series may have: those of the design tokens `--series-1` … `--series-8` and `--series-muted`. */
export type SeriesColour = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 'muted';

export const SERIES_COLOURS = [1, 2, 3, 4, 5, 6, 7, 8] as const satisfies readonly SeriesColour[];

/** The colours of charts are design tokens; a canvas takes them only in resolved form. */
export type ColourToken = `--series-${SeriesColour}` | '--chart-grid' | '--text-muted';

const resolved = new Map<string, string>();

/** The token's colour in the theme of the moment, `rgb(…)`, with `alpha` if given. */
export function colour(token: ColourToken, alpha = 1): string {
  const key = `${token} ${alpha}`;
  let value = resolved.get(key);
  if (value === undefined) {
    value = resolve(token, alpha);
    resolved.set(key, value);
  }
  return value;
}

/** To be called when the theme has changed. */
export function forgetColours(): void {
  resolved.clear();
}

function resolve(token: ColourToken, alpha: number): string {
  // light-dark() is resolved only as the value of a real property, so an element has to wear it.
  const probe = document.createElement('span');
  probe.style.color = `rgb(from var(${token}) r g b / ${alpha})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
