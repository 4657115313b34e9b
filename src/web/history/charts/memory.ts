import { byteScale, bytesOfTotal, numberScale } from '../../chart/axes.ts';
import { byteRate, bytes, count, countRate } from '../../lib/format.ts';
import { sum } from '../../live/channels.ts';
import type { MemoryBlock, Value } from '../../live/metrics.ts';
import { messages } from '../../messages.ts';
import type { HistoryChart, Line } from './chart.ts';
import { historyChart, linesOf } from './chart.ts';

const text = messages.history;
const KIB = 1024;
const kib = (value: Value) => (typeof value === 'number' ? value * KIB : value);

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
