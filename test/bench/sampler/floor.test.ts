import { describe, expect, it } from 'vitest';
import { BenchError } from '../../../bench/harness/bench.ts';
import { floorSources } from '../../../bench/sampler/floor.ts';
import type { Segment } from '../../../bench/sampler/protocol.ts';

function segment(readers: [name: string, reads: number, errors?: number][]): Segment {
  return {
    seconds: 4,
    ticks: 400,
    frames: 3600,
    missed: 0,
    samplerCpuNs: 1,
    drainCpuNs: 1,
    readers: readers.map(([name, reads, errors = 0]) => ({ name, reads, errors })),
    mountpoints: ['/', '/mnt/a b'],
    groupFiles: ['/sys/fs/cgroup/memory/batch/memory.stat'],
  };
}

describe('floorSources', () => {
  it('reads what the sampler reads, as often', () => {
    const seen = segment([
      ['stat', 400],
      ['net/dev', 399],
      ['vmstat', 40],
      ['inet_diag', 400],
      ['filesystems', 4],
      ['cgroup', 40],
      ['softirqs', 400],
    ]);
    expect(floorSources(seen)).toEqual([
      ...['/proc/stat@0', '/proc/net/dev@0', '/proc/vmstat@100', '--listening', '0'],
      ...['--mount', '/@1000', '--mount', '/mnt/a b@1000', '/sys/fs/cgroup/memory/batch/memory.stat@100'],
      '/proc/softirqs@1000',
    ]);
  });

  it('leaves out what was not read or is not there', () => {
    const seen = segment([
      ['stat', 400],
      ['zoneinfo', 0],
      ['pressure/cpu', 4, 4],
    ]);
    expect(floorSources(seen)).toEqual(['/proc/stat@0']);
  });

  it('refuses to compare with less than the sampler reads', () => {
    expect(() => floorSources(segment([['/somewhere/else', 400]]))).toThrow(BenchError);
  });
});
