import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Where the daemon finds what was built, from source and from the bundle alike: `src/config/` and `.build/bundle/` are both two
 * levels below the root, so only the worker entries differ.
 */
const ROOT = new URL('../../', import.meta.url);

declare const TACHO_BUNDLE: boolean | undefined;
const BUNDLED = typeof TACHO_BUNDLE !== 'undefined';

export const ADDON_PATH = fileURLToPath(new URL('.build/tacho.node', ROOT));
export const WEB_ROOT = fileURLToPath(new URL('.build/web/', ROOT));

/** Every worker entry file, named once. */
const WORKER_SOURCES = {
  outbox: 'src/pipeline/outbox-worker.ts',
  store: 'src/store/store-worker.ts',
} as const;

export type ThreadName = keyof typeof WORKER_SOURCES;

export function workerEntry(name: ThreadName): URL {
  return new URL(BUNDLED ? `.build/bundle/${name}-worker.mjs` : WORKER_SOURCES[name], ROOT);
}

/** This build's version, as in package.json. */
export function appVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  return manifest.version;
}
