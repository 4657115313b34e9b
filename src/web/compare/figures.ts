import { byteScale, numberScale } from '../chart/axes.ts';
import type { ChartSpec } from '../chart/options.ts';
import type { BlockName, Blocks } from '../history/blocks.ts';
import { eventValue } from '../history/charts/perf.ts';
import { byteRate, bytes, count, countRate, decimal, percent } from '../lib/format.ts';
import { sum } from '../live/channels.ts';
import type { Value } from '../live/metrics.ts';
import { messages } from '../messages.ts';

const text = messages.compare.series;

type Axis = Pick<ChartSpec, 'format' | 'axisFormat' | 'scale'>;

/** One chart of a comparison. */
export interface CompareFigure {
  id: string;
  title: string;
  axis: Axis;
  of(data: Blocks[BlockName]): Value;
}

/** Up to where the values reach: what is compared may move within a few per cent. */
const PERCENT: Axis = {
  format: percent,
  axisFormat: (value) => `${Number(value.toFixed(2))}%`,
  scale: (max) => numberScale(Math.min(100, max), 5),
};
const BYTES: Axis = { format: bytes, axisFormat: bytes, scale: byteScale };
const BYTE_RATE: Axis = { format: byteRate, axisFormat: bytes, scale: byteScale };
const RATE: Axis = { format: countRate, axisFormat: count, scale: (max) => numberScale(max) };
const COUNT: Axis = { format: count, axisFormat: count, scale: (max) => numberScale(max, 4) };
const DECIMAL: Axis = { format: decimal, axisFormat: decimal, scale: (max) => numberScale(max) };

const KIB = 1024;
const kib = (value: Value) => (typeof value === 'number' ? value * KIB : value);

/** A block's points have its shape, and only its own figures are asked for. */
function figures<N extends BlockName>(
  ...list: { id: string; title: string; axis: Axis; of(data: Blocks[N]): Value }[]
): readonly CompareFigure[] {
  return list as unknown as CompareFigure[];
}

function busiest(devices: Blocks['disk']['devices']): number | null {
  const busy = Object.values(devices ?? {}).flatMap(({ utilization_percent }) =>
    typeof utilization_percent === 'number' ? [utilization_percent] : [],
  );
  return busy.length > 0 ? Math.max(...busy) : null;
}

/** What is compared, by block; the first that has values is what the summary is about. */
export const COMPARE_FIGURES: Record<BlockName, readonly CompareFigure[]> = {
  cpu: figures<'cpu'>(
    { id: 'usage', title: text.usage, axis: PERCENT, of: (cpu) => cpu.usage_percent },
    { id: 'user', title: text.user, axis: PERCENT, of: (cpu) => cpu.user },
    { id: 'system', title: text.system, axis: PERCENT, of: (cpu) => cpu.system },
    { id: 'iowait', title: text.iowait, axis: PERCENT, of: (cpu) => cpu.iowait },
    { id: 'load', title: text.load, axis: DECIMAL, of: (cpu) => cpu.load_avg?.[0] },
  ),
  memory: figures<'memory'>(
    { id: 'usage', title: text.memoryUsage, axis: PERCENT, of: (memory) => memory.usage_percent },
    { id: 'used', title: text.used, axis: BYTES, of: (memory) => memory.used_bytes },
    { id: 'cached', title: text.cached, axis: BYTES, of: (memory) => memory.cached_bytes },
    { id: 'swap', title: text.swap, axis: BYTES, of: (memory) => memory.swap_used_bytes },
  ),
  network: figures<'network'>(
    {
      id: 'traffic',
      title: text.traffic,
      axis: BYTE_RATE,
      of: (network) => sum(network.bytes_sent_per_sec, network.bytes_recv_per_sec),
    },
    { id: 'received', title: text.received, axis: BYTE_RATE, of: (network) => network.bytes_recv_per_sec },
    { id: 'sent', title: text.sent, axis: BYTE_RATE, of: (network) => network.bytes_sent_per_sec },
    { id: 'connections', title: text.connections, axis: COUNT, of: (network) => network.connections?.established },
  ),
  disk: figures<'disk'>(
    {
      id: 'throughput',
      title: text.throughput,
      axis: BYTE_RATE,
      of: ({ io }) => sum(io?.read_bytes_per_sec, io?.write_bytes_per_sec),
    },
    { id: 'read', title: text.read, axis: BYTE_RATE, of: ({ io }) => io?.read_bytes_per_sec },
    { id: 'written', title: text.written, axis: BYTE_RATE, of: ({ io }) => io?.write_bytes_per_sec },
    { id: 'busiest', title: text.busiest, axis: PERCENT, of: ({ devices }) => busiest(devices) },
  ),
  memory_bandwidth: figures<'memory_bandwidth'>(
    {
      id: 'bandwidth',
      title: text.bandwidth,
      axis: BYTE_RATE,
      of: (traffic) => traffic.total_bytes_per_sec,
    },
    { id: 'page-io', title: text.pageIo, axis: BYTE_RATE, of: (paging) => paging.page_io_bytes_per_sec },
    { id: 'page-in', title: text.pagedIn, axis: BYTE_RATE, of: (paging) => kib(paging.pgpgin_per_sec) },
    { id: 'page-out', title: text.pagedOut, axis: BYTE_RATE, of: (paging) => kib(paging.pgpgout_per_sec) },
    { id: 'faults', title: text.faults, axis: RATE, of: (paging) => paging.pgfault_per_sec },
    { id: 'major', title: text.majorFaults, axis: RATE, of: (paging) => paging.pgmajfault_per_sec },
  ),
  perf_events: figures<'perf_events'>(
    { id: 'ipc', title: text.ipc, axis: DECIMAL, of: (perf) => perf.ipc },
    { id: 'cpu-clock', title: text.cpuClock, axis: COUNT, of: (perf) => eventValue(perf, 'cpu-clock') },
    { id: 'switches', title: text.contextSwitches, axis: COUNT, of: (perf) => eventValue(perf, 'context-switches') },
    { id: 'faults', title: text.pageFaults, axis: COUNT, of: (perf) => eventValue(perf, 'page-faults') },
    { id: 'branch-misses', title: text.branchMisses, axis: COUNT, of: (perf) => eventValue(perf, 'branch-misses') },
  ),
};
