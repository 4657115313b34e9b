import { describe, expect, it } from 'vitest';
import { cleanly } from '../../../bench/harness/cleanup.ts';

describe('cleanly', () => {
  it('undoes the newest first, all of it, when the work fails', async () => {
    const done: string[] = [];
    const work = cleanly(async (cleanup) => {
      cleanup.defer(() => void done.push('first'));
      cleanup.defer(async () => void done.push('second'));
      throw new Error('work');
    });
    await expect(work).rejects.toThrow('work');
    expect(done).toEqual(['second', 'first']);
  });

  it('goes on when a step fails, and says so', async () => {
    const done: string[] = [];
    const work = cleanly(async (cleanup) => {
      cleanup.defer(() => void done.push('first'));
      cleanup.defer(() => {
        throw new Error('step');
      });
    });
    await expect(work).rejects.toMatchObject({ errors: [new Error('step')] });
    expect(done).toEqual(['first']);
  });
});
