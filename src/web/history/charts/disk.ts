import { byteScale, numberScale, percentScale } from '../../chart/axes.ts';
import type { Figure } from '../../lib/format.ts';
import { byteRate, bytes, count, milliseconds, percent } from '../../lib/format.ts';
import { sum } from '../../live/channels.ts';
import type { DeviceFigures, Value } from '../../live/metrics.ts';
import { messages } from '../../messages.ts';
import type { Blocks } from '../blocks.ts';
import type { HistoryChart } from './chart.ts';
import { historyChart, linePerName, linesOf } from './chart.ts';

const text = messages.history;
type Disk = Blocks['disk'];

const operations = (value: Figure) => messages.disk.operations(count(value));

const AXES = {
  bytes: { format: byteRate, axisFormat: bytes, scale: byteScale },
  operations: { format: operations, axisFormat: count, scale: (max: number) => numberScale(max) },
  latency: { format: milliseconds, axisFormat: milliseconds, scale: (max: number) => numberScale(max) },
  percent: { format: percent, axisFormat: (value: number) => `${value}%`, scale: percentScale },
};

/** Mean time of an operation, whichever it was; null where there was none. */
function latency(figures: DeviceFigures | undefined): number | null {
  const reads = figures?.read_iops ?? 0;
  const writes = figures?.write_iops ?? 0;
  if (!figures || reads + writes === 0) return null;
  return (reads * (figures.read_latency_ms ?? 0) + writes * (figures.write_latency_ms ?? 0)) / (reads + writes);
}

/** Of a device its reads and writes, else a line for each device. */
function diskChart(
  id: string,
  title: string,
  axis: (typeof AXES)[keyof typeof AXES],
  labels: readonly [string, string],
  read: (figures: DeviceFigures) => Value,
  written: (figures: DeviceFigures) => Value,
  both: (figures: DeviceFigures | undefined) => Value,
): HistoryChart {
  return historyChart({
    id,
    title,
    block: 'disk',
    draw: (points, choice) => {
      if (choice === null)
        return linePerName(
          id,
          points,
          { table: (disk) => disk.devices, value: both },
          { ...axis, someOf: text.someOf },
        );
      const of = (pick: (figures: DeviceFigures) => Value) => (disk: Disk) => {
        const figures = disk.devices?.[choice];
        return figures && pick(figures);
      };
      return linesOf(
        id,
        points,
        [
          { id: 'read', label: labels[0], of: of(read) },
          { id: 'written', label: labels[1], of: of(written) },
        ],
        axis,
      );
    },
  });
}

export const DISK_CHARTS: readonly HistoryChart[] = [
  historyChart({
    id: 'disk',
    title: text.throughput,
    block: 'disk',
    draw: (points, choice) => {
      const figures = (disk: Disk) => (choice === null ? disk.io : disk.devices?.[choice]);
      return linesOf(
        'disk',
        points,
        [
          { id: 'read', label: messages.disk.read, of: (disk) => figures(disk)?.read_bytes_per_sec },
          { id: 'written', label: messages.disk.written, of: (disk) => figures(disk)?.write_bytes_per_sec },
        ],
        AXES.bytes,
      );
    },
  }),
  diskChart(
    'operations',
    text.operations,
    AXES.operations,
    [text.reads, text.writes],
    (device) => device.read_iops,
    (device) => device.write_iops,
    (device) => sum(device?.read_iops, device?.write_iops),
  ),
  diskChart(
    'latency',
    text.latency,
    AXES.latency,
    [text.perRead, text.perWrite],
    (device) => device.read_latency_ms,
    (device) => device.write_latency_ms,
    latency,
  ),
  historyChart({
    id: 'busy',
    title: text.busy,
    block: 'disk',
    draw: (points, choice) => {
      const busy = (figures: DeviceFigures | undefined) => figures?.utilization_percent;
      if (choice === null) {
        const perDevice = { table: (disk: Disk) => disk.devices, value: busy };
        return linePerName('busy', points, perDevice, { ...AXES.percent, someOf: text.someOf });
      }
      const line = { id: 'busy', label: messages.disk.busy, of: (disk: Disk) => busy(disk.devices?.[choice]) };
      return linesOf('busy', points, [line], AXES.percent);
    },
  }),
  historyChart({
    id: 'filesystems',
    title: text.filesystems,
    block: 'disk',
    wide: true,
    draw: (points) =>
      linePerName(
        'filesystems',
        points,
        { table: (disk) => disk.partitions, value: (figures) => figures?.usage_percent },
        { ...AXES.percent, someOf: text.someOf },
      ),
  }),
];
