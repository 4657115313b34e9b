import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchFiles } from '../../src/http/tls-watch.ts';
import { temporaryFolder } from '../state/temporary.ts';

/** A watch that looks all the time; `changed` resolves with the next change, `looks` counts. */
function watched(...paths: string[]) {
  let next = Promise.withResolvers<void>();
  const seen = { looks: 0, changes: 0 };
  onTestFinished(
    watchFiles({
      paths: () => {
        seen.looks += 1;
        return paths;
      },
      onChange: () => {
        seen.changes += 1;
        next.resolve();
        next = Promise.withResolvers();
      },
      intervalMs: 1,
      settleMs: 1,
    }),
  );
  const looked = async (times: number) => {
    const until = seen.looks + times;
    await expect.poll(() => seen.looks).toBeGreaterThanOrEqual(until);
  };
  return { seen, looked, changed: () => next.promise };
}

test('tells of a file that is written, replaced, gone and back, once each, and of nothing else', async () => {
  const path = join(temporaryFolder(), 'a.crt');
  writeFileSync(path, 'one');
  const { seen, looked, changed } = watched(path);
  await looked(2);
  const steps = [
    () => writeFileSync(path, 'another'),
    () => {
      writeFileSync(`${path}.new`, 'another');
      renameSync(`${path}.new`, path);
    },
    () => rmSync(path),
    () => writeFileSync(path, 'one'),
  ];
  for (const [index, step] of steps.entries()) {
    const change = changed();
    step();
    await change;
    await looked(5);
    expect(seen.changes).toBe(index + 1);
  }
});

test('follows symbolic links through folders, as Kubernetes swaps them', async () => {
  const folder = temporaryFolder();
  for (const version of ['1', '2']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'tls.crt'), 'same content');
  }
  symlinkSync('1', join(folder, '..data'));
  symlinkSync('..data/tls.crt', join(folder, 'tls.crt'));
  const { looked, changed } = watched(join(folder, 'tls.crt'));
  await looked(2);
  const change = changed();
  symlinkSync('2', join(folder, '..tmp'));
  renameSync(join(folder, '..tmp'), join(folder, '..data'));
  await change;
});
