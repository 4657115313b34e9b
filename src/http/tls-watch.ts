import { statSync } from 'node:fs';

export interface WatchOptions {
  /** The files to look at: asked for each time, because a reload may name others. */
  paths(): readonly string[];
  onChange(): void;
  intervalMs?: number;
  /** How long the files must stay as they are: certificate and key are replaced one after the other. */
  settleMs?: number;
}

const INTERVAL_MS = 10_000;
const SETTLE_MS = 1_000;

/**
 * Tells when files were written, replaced, or their symbolic links led elsewhere (as certbot and Kubernetes do it), since this call. Polls: a watch on
 * a file loses it when it is replaced, and two `stat` calls in ten seconds cost nothing.
 * @returns what ends the watch
 */
export function watchFiles({
  paths,
  onChange,
  intervalMs = INTERVAL_MS,
  settleMs = SETTLE_MS,
}: WatchOptions): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  let known = fingerprint(paths());
  let changing: string | null = null;
  const look = (): void => {
    const seen = fingerprint(paths());
    const settled = seen === changing;
    changing = seen === known ? null : seen;
    if (settled && changing !== null) {
      known = seen;
      changing = null;
      onChange();
    }
    if (!stopped) timer = setTimeout(look, changing === null ? intervalMs : settleMs).unref();
  };
  timer = setTimeout(look, intervalMs).unref();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Never fails: a file that is gone is a state like any other. */
function fingerprint(paths: readonly string[]): string {
  const states = paths.map((path) => {
    try {
      const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
      return [path, ino, size, mtimeNs, ctimeNs].join(' ');
    } catch (error) {
      return `${path} ${(error as NodeJS.ErrnoException).code}`;
    }
  });
  return states.join('\n');
}
