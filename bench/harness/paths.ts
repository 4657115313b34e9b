import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file that a bench runs as a process of its own. */
export function processFile(name: string): string {
  return fileURLToPath(new URL(`../processes/${name}`, import.meta.url));
}
