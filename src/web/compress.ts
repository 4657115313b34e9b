import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Their formats are compressed already. */
const INCOMPRESSIBLE = new Set(['.ico', '.png', '.webp', '.woff2']);
/** Below this, compression saves no packet. */
const MIN_COMPRESSED_BYTES = 1_024;

/** Puts a `.br` and a `.gz` beside every file of `folder` that gets smaller by it, so that the daemon never compresses. */
export function compressFolder(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || INCOMPRESSIBLE.has(extname(entry.name))) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    if (bytes.byteLength < MIN_COMPRESSED_BYTES) continue;
    const packed = {
      br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
      gz: gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }),
    };
    for (const [suffix, smaller] of Object.entries(packed)) {
      if (smaller.byteLength < bytes.byteLength) writeFileSync(`${path}.${suffix}`, smaller);
    }
  }
}
