import type { Frame, FrameLayout } from '../../metrics/frame.ts';

/** What of a frame is the same for all its consumers, as the members of a JSON object; encoded once, when first asked for. */
export class FrameText {
  readonly #frame: Frame;
  #text: string | null = null;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  get members(): string {
    this.#text ??= encode(this.#frame);
    return this.#text;
  }
}

function encode({ timestampUs, latenessUs, layout, values }: Frame): string {
  return `"timestamp_us":${timestampUs},"lateness_us":${latenessUs},"values":[${rowsOf(layout, values)}]`;
}

function rowsOf({ instances, fields }: FrameLayout, values: Float64Array): string {
  let text = '';
  for (let row = 0; row < instances.length; row += 1) {
    text += row === 0 ? '[' : ',[';
    const start = row * fields.length;
    for (let column = 0; column < fields.length; column += 1) {
      if (column > 0) text += ',';
      text += numberText(values[start + column] as number);
    }
    text += ']';
  }
  return text;
}

/**
 * Three digits behind the point, six below 1: what a rate over a millisecond can mean, and half the bytes of all seventeen digits.
 * Whole numbers stay as they are.
 */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const size = Math.abs(value);
  if (size >= 1e12 || Number.isInteger(value)) return `${value}`;
  return size >= 1 ? `${Math.round(value * 1e3) / 1e3}` : `${Math.round(value * 1e6) / 1e6}`;
}
