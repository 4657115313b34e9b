/**
 * A frame is one family at one tick of one interval, as 64-bit words:
 *
 *   0 words | 1 layout | 2 timestamp_us | 3 interval_us | 4 lateness_us | 5 flags | instances × fields, instance by instance
 *
 * `words` counts the whole frame. `timestamp_us` is the grid tick since the Unix epoch, with the clock epoch's number in its
 * last microseconds. NaN is "no value". The sampler writes frames so, the outbox keeps them so and the stores read them so.
 */
export const FRAME_HEADER_WORDS = 6;

/** Set in `flags` when samples are missing before this frame: no rate in it crosses the gap. */
export const FRAME_FLAG_GAP = 1;

/**
 * Frames of this stream right before this one were lost on the way out of the sampler. Rates are since the last of those, and the
 * other flags that they had are set here.
 */
export const FRAME_FLAG_LOST = 2;

/** The clock was set or the host slept, so the ticks since the frame before tell nothing about what was missed. */
export const FRAME_FLAG_DISTURBED = 4;

const WORD = { words: 0, layout: 1, timestampUs: 2, intervalUs: 3, latenessUs: 4, flags: 5 } as const;

/** The shape of a frame's values: which instances, which fields, in which order. */
export interface FrameLayout {
  family: string;
  fields: readonly string[];
  instances: readonly string[];
}

/** A view on one frame inside a larger buffer; `values` shares its memory. */
export interface Frame {
  layout: FrameLayout;
  timestampUs: number;
  intervalUs: number;
  latenessUs: number;
  flags: number;
  values: Float64Array;
}

/** Frames of one collector with the layouts their layout words point into. */
export interface FrameBatch {
  layouts: readonly FrameLayout[];
  words: Float64Array;
}

/** A frame buffer that contradicts its own headers or layouts. */
export class FrameFormatError extends Error {
  readonly code = 'TACHO_BAD_FRAME';
}

/**
 * Walks the frames of a buffer in order.
 * @throws FrameFormatError when a frame is cut off or does not fit its layout.
 */
export function* frames(words: Float64Array, layoutOf: (id: number) => FrameLayout | undefined): Generator<Frame> {
  for (let offset = 0; offset < words.length; ) {
    const length = words[offset + WORD.words] ?? 0;
    const layout = layoutOf(words[offset + WORD.layout] ?? -1);
    if (!layout) throw new FrameFormatError(`frame at word ${offset}: unknown layout ${words[offset + WORD.layout]}`);
    const expected = FRAME_HEADER_WORDS + layout.instances.length * layout.fields.length;
    if (length !== expected || offset + length > words.length) {
      throw new FrameFormatError(
        `frame at word ${offset}: ${length} words, its layout ${layout.family} needs ${expected}`,
      );
    }
    yield {
      layout,
      timestampUs: words[offset + WORD.timestampUs] as number,
      intervalUs: words[offset + WORD.intervalUs] as number,
      latenessUs: words[offset + WORD.latenessUs] as number,
      flags: words[offset + WORD.flags] as number,
      values: words.subarray(offset + FRAME_HEADER_WORDS, offset + length),
    };
    offset += length;
  }
}

/** Appends `frame` to `words` at `offset`, its layout renamed to `layoutIndex`; returns the offset behind it. */
export function writeFrame(words: Float64Array, offset: number, frame: Frame, layoutIndex: number): number {
  const length = FRAME_HEADER_WORDS + frame.values.length;
  words[offset + WORD.words] = length;
  words[offset + WORD.layout] = layoutIndex;
  words[offset + WORD.timestampUs] = frame.timestampUs;
  words[offset + WORD.intervalUs] = frame.intervalUs;
  words[offset + WORD.latenessUs] = frame.latenessUs;
  words[offset + WORD.flags] = frame.flags;
  words.set(frame.values, offset + FRAME_HEADER_WORDS);
  return offset + length;
}
