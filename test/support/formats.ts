import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files as released versions wrote them; how they were made is told in the README.md there. */
const FORMATS = fileURLToPath(new URL('../fixtures/formats', import.meta.url));

/** What the tests need to know of a release's files. */
interface Facts {
  /** Of the user `ada`. */
  token: string;
  issuedMs: number;
  /** Of outbox.db. */
  spool: string;
}

export function factsOf(release: string): Facts {
  return JSON.parse(readFileSync(join(FORMATS, release, 'facts.json'), 'utf8'));
}

/** Copies files of a release into a folder. */
export function copyFormats(release: string, names: readonly string[], folder: string): void {
  for (const name of names) copyFileSync(join(FORMATS, release, name), join(folder, name));
}
