import { byteScale, numberScale } from '../../chart/axes.ts';
import { byteRate, bytes, count, countRate } from '../../lib/format.ts';
import { sum } from '../../live/channels.ts';
import type { InterfaceFigures, Value } from '../../live/metrics.ts';
import { messages } from '../../messages.ts';
import type { Blocks } from '../blocks.ts';
import type { HistoryChart } from './chart.ts';
import { historyChart, linePerName, linesOf } from './chart.ts';

const text = messages.history;
type Network = Blocks['network'];

/** The figures of one interface; without one, those of the host, which are `total`. */
function figure(choice: string | null, of: (figures: InterfaceFigures) => Value, total: (network: Network) => Value) {
  return (network: Network) => {
    if (choice === null) return total(network);
    const figures = network.interfaces?.[choice];
    return figures && of(figures);
  };
}

export const NETWORK_CHARTS: readonly HistoryChart[] = [
  historyChart({
    id: 'network',
    title: text.traffic,
    block: 'network',
    wide: true,
    draw: (points, choice) => {
      const received = figure(
        choice,
        (figures) => figures.bytes_recv_per_sec,
        (network) => network.bytes_recv_per_sec,
      );
      const sent = figure(
        choice,
        (figures) => figures.bytes_sent_per_sec,
        (network) => network.bytes_sent_per_sec,
      );
      return linesOf(
        'network',
        points,
        [
          { id: 'received', label: messages.network.received, of: received },
          { id: 'sent', label: messages.network.sent, of: sent },
        ],
        { format: byteRate, axisFormat: bytes, scale: byteScale },
      );
    },
  }),
  historyChart({
    id: 'packets',
    title: text.packets,
    block: 'network',
    draw: (points, choice) => {
      const axis = { format: countRate, axisFormat: count, scale: (max: number) => numberScale(max) };
      if (choice === null) {
        const both = (figures: InterfaceFigures | undefined) =>
          sum(figures?.packets_recv_per_sec, figures?.packets_sent_per_sec);
        const perInterface = { table: (network: Network) => network.interfaces, value: both };
        return linePerName('packets', points, perInterface, { ...axis, someOf: text.someOf });
      }
      const of = (pick: (figures: InterfaceFigures) => Value) => figure(choice, pick, () => null);
      return linesOf(
        'packets',
        points,
        [
          { id: 'received', label: messages.network.received, of: of((figures) => figures.packets_recv_per_sec) },
          { id: 'sent', label: messages.network.sent, of: of((figures) => figures.packets_sent_per_sec) },
        ],
        axis,
      );
    },
  }),
  historyChart({
    id: 'connections',
    title: text.connections,
    block: 'network',
    draw: (points) =>
      linesOf(
        'connections',
        points,
        [
          { id: 'established', label: messages.network.established, of: ({ connections }) => connections?.established },
          { id: 'time-wait', label: messages.network.timeWait, of: ({ connections }) => connections?.time_wait },
          { id: 'listening', label: messages.network.listening, of: ({ connections }) => connections?.listen },
        ],
        {
          format: (value) => count(value && Math.round(value)),
          axisFormat: count,
          scale: (max) => numberScale(max, 4),
        },
      ),
  }),
];
