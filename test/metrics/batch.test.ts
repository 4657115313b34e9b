import { describe, expect, it } from 'vitest';
import { decodeFrameBatch, encodeFrameBatch } from '../../src/metrics/batch.ts';
import { FRAME_HEADER_WORDS, type FrameBatch, FrameFormatError, frames, writeFrame } from '../../src/metrics/frame.ts';

const layouts = [
  { family: 'filesystem', fields: ['used_bytes', 'free_bytes'], instances: ['/', '/mnt/ü "quoted"\n'] },
  { family: 'swap', fields: ['used_bytes'], instances: [''] },
];

function batch(): FrameBatch {
  const words = new Float64Array(FRAME_HEADER_WORDS + 4);
  const values = Float64Array.of(2 ** 53 - 1, Number.NaN, -0, Number.MAX_VALUE);
  const frame = {
    layout: layouts[0]!,
    timestampUs: 1_763_800_000_123_456,
    intervalUs: 1_000,
    latenessUs: 3,
    flags: 0,
    values,
  };
  writeFrame(words, 0, frame, 0);
  return { layouts, words };
}

function decoded(bytes: Uint8Array): FrameBatch {
  const { layouts: found, words } = decodeFrameBatch(bytes);
  return { layouts: found, words: Float64Array.from(words) };
}

/** Counts the header's bytes among the words, so that the lengths still agree. */
function headless(view: DataView): void {
  view.setUint32(12, view.getUint32(12, true) + view.getUint32(8, true) / 8, true);
  view.setUint32(8, 0, true);
}

describe('a frame batch', () => {
  it('decodes to what was encoded, layouts byte for byte and words bit for bit', () => {
    expect(decoded(encodeFrameBatch(batch()))).toEqual(batch());
  });

  it('keeps an empty batch', () => {
    expect(decoded(encodeFrameBatch({ layouts: [], words: new Float64Array(0) }))).toEqual({
      layouts: [],
      words: new Float64Array(0),
    });
  });

  it('encodes a view on a larger buffer without its neighbours', () => {
    const { words } = batch();
    const larger = new Float64Array(words.length + 20).fill(1);
    larger.set(words, 10);
    expect(decoded(encodeFrameBatch({ layouts, words: larger.subarray(10, 10 + words.length) }))).toEqual(batch());
  });

  it.each([0, 1, 4, 8])('decodes at byte offset %i of a buffer, aligned or not', (offset) => {
    const encoded = encodeFrameBatch(batch());
    const pool = Buffer.alloc(encoded.length + 16, 0xff);
    pool.set(encoded, offset);
    const view = pool.subarray(offset, offset + encoded.length);
    expect(decoded(view)).toEqual(batch());
    expect(decoded(new Uint8Array(pool.buffer, pool.byteOffset + offset, encoded.length))).toEqual(batch());
    expect([...frames(decodeFrameBatch(view).words, (id) => layouts[id])]).toHaveLength(1);
  });

  it('is refused when it is cut off, wherever that is, or too long', () => {
    const encoded = encodeFrameBatch(batch());
    for (let length = 0; length < encoded.length; length += 1) {
      expect(() => decodeFrameBatch(encoded.subarray(0, length)), `${length} bytes`).toThrow(FrameFormatError);
    }
    expect(() => decodeFrameBatch(Buffer.concat([encoded, Buffer.alloc(8)]))).toThrow('cut off');
  });

  it.each([
    ['another magic', (view: DataView) => view.setUint32(0, 1, true)],
    ['a newer version', (view: DataView) => view.setUint32(4, 2, true)],
    ['a header beyond the end', (view: DataView) => view.setUint32(8, 0xffffffff, true)],
    ['a header of no bytes', (view: DataView) => headless(view)],
    ['a header that is not JSON', (view: DataView) => view.setUint8(16, 0x21)],
    [
      'a header that is no list',
      (view: DataView) => new Uint8Array(view.buffer).set(Buffer.from('{}'.padEnd(view.getUint32(8, true))), 16),
    ],
  ])('is refused with %s', (_case, damage) => {
    const bytes = encodeFrameBatch(batch());
    damage(new DataView(bytes.buffer));
    expect(() => decodeFrameBatch(bytes)).toThrow(FrameFormatError);
  });

  it('is refused when a layout is none', () => {
    for (const layout of [
      null,
      3,
      {},
      { family: 'a', fields: 'b', instances: [] },
      { family: 'a', fields: [1], instances: [] },
    ]) {
      const header = Buffer.from(JSON.stringify([layout]).padEnd(80));
      const bytes = Buffer.concat([encodeFrameBatch(batch()).subarray(0, 16), header]);
      bytes.writeUInt32LE(header.length, 8);
      bytes.writeUInt32LE(0, 12);
      expect(() => decodeFrameBatch(bytes), JSON.stringify(layout)).toThrow('not a list of layouts');
    }
  });
});
