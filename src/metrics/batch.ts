import type { FrameBatch, FrameLayout } from './frame.ts';
import { FrameFormatError } from './frame.ts';

/**
 * The durable form of a FrameBatch, little-endian:
 *
 *   u32 magic "TAFB" | u32 version | u32 header bytes | u32 words | header (JSON layouts, space-padded to 8) | float64 words
 *
 * It names its own fields, so a reader that is older or newer than the writer still knows every column.
 */
const MAGIC = 0x42464154;
const VERSION = 1;
const PREFIX_BYTES = 16;

export function encodeFrameBatch(batch: FrameBatch): Uint8Array<ArrayBuffer> {
  const header = Buffer.from(`[${batch.layouts.map(layoutJson).join()}]`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + headerBytes + batch.words.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, headerBytes, true);
  view.setUint32(12, batch.words.length, true);
  bytes.fill(0x20, PREFIX_BYTES + header.length, PREFIX_BYTES + headerBytes);
  bytes.set(header, PREFIX_BYTES);
  bytes.set(
    new Uint8Array(batch.words.buffer, batch.words.byteOffset, batch.words.byteLength),
    PREFIX_BYTES + headerBytes,
  );
  return bytes;
}

/** A layout outlives thousands of batches, and its names are most of a small batch's bytes. */
const encodedLayouts = new WeakMap<FrameLayout, string>();

function layoutJson(layout: FrameLayout): string {
  let json = encodedLayouts.get(layout);
  if (json === undefined) {
    json = JSON.stringify(layout);
    encodedLayouts.set(layout, json);
  }
  return json;
}

/** @throws FrameFormatError when the bytes are not a frame batch of a known version, or are cut off. */
export function decodeFrameBatch(bytes: Uint8Array): FrameBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < PREFIX_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new FrameFormatError('not a frame batch');
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new FrameFormatError(`frame batch version ${version}, this build reads ${VERSION}`);
  const wordsAt = PREFIX_BYTES + view.getUint32(8, true);
  if (bytes.byteLength !== wordsAt + view.getUint32(12, true) * 8) throw new FrameFormatError('frame batch is cut off');
  const layouts = parseLayouts(Buffer.from(bytes.buffer, bytes.byteOffset + PREFIX_BYTES, wordsAt - PREFIX_BYTES));
  const aligned = (bytes.byteOffset + wordsAt) % 8 === 0;
  const words = aligned
    ? new Float64Array(bytes.buffer, bytes.byteOffset + wordsAt, (bytes.byteLength - wordsAt) / 8)
    : new Float64Array(Uint8Array.from(bytes.subarray(wordsAt)).buffer);
  return { layouts, words };
}

/** The header read last: a source's batches mostly have the same one, and comparing bytes is much cheaper than parsing them. */
let lastHeader: { bytes: Buffer; layouts: FrameLayout[] } | undefined;

function parseLayouts(header: Buffer): FrameLayout[] {
  if (lastHeader?.bytes.equals(header)) return lastHeader.layouts;
  const layouts = layoutsOf(header);
  lastHeader = { bytes: Buffer.from(header), layouts };
  return layouts;
}

function layoutsOf(header: Buffer): FrameLayout[] {
  try {
    const layouts: unknown = JSON.parse(header.toString());
    if (Array.isArray(layouts) && layouts.every(isLayout)) return layouts;
  } catch {
    // Falls through to the one error below: broken JSON and a wrong shape are the same to the caller.
  }
  throw new FrameFormatError('frame batch header is not a list of layouts');
}

function isLayout(value: unknown): value is FrameLayout {
  const layout = value as Partial<FrameLayout> | null;
  return typeof layout?.family === 'string' && isStringArray(layout.fields) && isStringArray(layout.instances);
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
