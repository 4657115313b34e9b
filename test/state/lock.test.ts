import { expect, test } from 'vitest';
import { lockDataDir } from '../../src/state/lock.ts';

function failing(code: string, message: string) {
  return {
    lockFile(): number {
      throw Object.assign(new Error(message), { code });
    },
    unlockFile(): void {},
  };
}

test('a lock is released once', () => {
  const released: number[] = [];
  const lock = lockDataDir('/data', '/data/lock', { lockFile: () => 7, unlockFile: (handle) => released.push(handle) });
  lock.release();
  lock.release();
  expect(released).toEqual([7]);
});

test('a lock that another process holds', () => {
  expect(() => lockDataDir('/data', '/data/lock', failing('TACHO_LOCKED', 'held'))).toThrow(
    expect.objectContaining({ code: 'TACHO_LOCKED', message: 'data_dir /data is in use by another tacho process' }),
  );
});

test('a lock file that cannot be made', () => {
  expect(() => lockDataDir('/data', '/data/lock', failing('EACCES', 'EACCES: no'))).toThrow(
    expect.objectContaining({ code: 'TACHO_DATA_DIR', message: 'data_dir /data cannot be locked: EACCES: no' }),
  );
});
