import { byteScale, bytesOfTotal, numberScale } from '../../chart/axes.ts';
import { byteRate, bytes, count, countRate } from '../../lib/format.ts';
import { sum } from '../../live/channels.ts';
import type { MemoryBlock, Value } from '../../live/metrics.ts';
import { messages } from '../../messages.ts';
import type { Blocks } from '../blocks.ts';
import type { BlockPoint } from '../loader.ts';
import type { HistoryChart, Line } from './chart.ts';
import { historyChart, linesOf } from './chart.ts';

const text = messages.history;
const KIB = 1024;
const kib = (value: Value) => (typeof value === 'number' ? value * KIB : value);

type Traffic = Blocks['memory_bandwidth'];

/** Whether anything counted the traffic of memory in these points. */
export function hasBandwidth(points: readonly BlockPoint<Traffic>[]): boolean {
  return points.some(({ data }) => typeof (data.total_bytes_per_sec ?? data.read_bytes_per_sec) === 'number');
}

export const MEMORY_CHARTS: readonly HistoryChart[] = [
  historyChart({
    id: 'memory',
    title: text.memoryUsage,
    block: 'memory',
    wide: true,
    draw: (points) => {
      const totalBytes = points.at(-1)?.data.total_bytes ?? null;
      const swap: Line<MemoryBlock> = {
        id: 'swap',
        label: messages.memory.swap,
        colour: 4,
        of: (memory) => memory.swap_used_bytes,
      };
      const drawing = linesOf<MemoryBlock>(
        'memory',
        points,
        [
          { id: 'used', label: messages.memory.used, filled: true, of: (memory) => memory.used_bytes },
          {
            id: 'cache',
            label: messages.memory.cache,
            hint: messages.memory.cacheHint,
            colour: 3,
            of: (memory) => sum(memory.cached_bytes, memory.buffers_bytes),
          },
          ...(points.some(({ data }) => data.swap_total_bytes) ? [swap] : []),
        ],
        { format: bytes, axisFormat: bytes, scale: bytesOfTotal(totalBytes) },
      );
      return { ...drawing, key: `${drawing.key} ${totalBytes}` };
    },
  }),
  historyChart({
    id: 'bandwidth',
    title: messages.bandwidth.title,
    block: 'memory_bandwidth',
    draw: (points) => {
      if (!hasBandwidth(points)) return null;
      const apart = points.some(({ data }) => typeof data.read_bytes_per_sec === 'number');
      const lines: Line<Traffic>[] = [
        { id: 'read', label: messages.bandwidth.read, of: (traffic) => traffic.read_bytes_per_sec },
        { id: 'written', label: messages.bandwidth.written, of: (traffic) => traffic.write_bytes_per_sec },
      ];
      const both: Line<Traffic> = {
        id: 'both',
        label: messages.bandwidth.total,
        of: (traffic) => traffic.total_bytes_per_sec,
      };
      const axis = { format: byteRate, axisFormat: bytes, scale: byteScale };
      return linesOf('bandwidth', points, apart ? lines : [both], axis);
    },
  }),
  historyChart({
    id: 'paging',
    title: text.pageIo,
    block: 'memory_bandwidth',
    draw: (points) =>
      linesOf(
        'paging',
        points,
        [
          { id: 'page-in', label: messages.paging.pageIn, of: (paging) => kib(paging.pgpgin_per_sec) },
          { id: 'page-out', label: messages.paging.pageOut, of: (paging) => kib(paging.pgpgout_per_sec) },
        ],
        { format: byteRate, axisFormat: bytes, scale: byteScale },
      ),
  }),
  historyChart({
    id: 'faults',
    title: text.faults,
    block: 'memory_bandwidth',
    draw: (points) =>
      linesOf(
        'faults',
        points,
        [
          { id: 'faults', label: messages.paging.faults, of: (paging) => paging.pgfault_per_sec },
          { id: 'major', label: messages.paging.majorFaults, of: (paging) => paging.pgmajfault_per_sec },
          { id: 'swap-in', label: messages.paging.swapIn, of: (paging) => paging.pswpin_per_sec },
          { id: 'swap-out', label: messages.paging.swapOut, of: (paging) => paging.pswpout_per_sec },
        ],
        { format: countRate, axisFormat: count, scale: (max) => numberScale(max) },
      ),
  }),
];
