import { expect, test } from 'vitest';
import { samplerReasons } from '../../../src/api/operations/health.ts';
import type { SamplerStats } from '../../../src/collect/addon.ts';

type Reader = SamplerStats['readers'][number];

function reasons(reader: Partial<Reader>): string[] {
  const whole = { name: 'stat', reads: 9, errors: 9, failing: true, lastError: 'ENOENT: gone', totalNs: 0, ...reader };
  return samplerReasons({ readers: [whole] } as unknown as SamplerStats);
}

test('a file that this kernel never had is no fault', () => {
  expect(reasons({ name: 'pressure/cpu' })).toEqual([]);
});

test.each([
  ['one that is gone', { name: 'pressure/cpu', errors: 1 }],
  ['one that may not be read', { name: 'pressure/cpu', lastError: 'EACCES: not permitted' }],
  ['one that every kernel has', { name: 'stat' }],
])('%s is a fault', (_name, reader) => {
  expect(reasons(reader)).toHaveLength(1);
});
