import { byteScale } from '../../chart/axes.ts';
import type { ChartSpec } from '../../chart/options.ts';
import { byteRate, bytes, count } from '../../lib/format.ts';
import { messages } from '../../messages.ts';
import { LongList } from '../../ui/long-list.tsx';
import { Panel } from '../../ui/panel.tsx';
import { LiveChart } from '../chart.tsx';
import { useFeed } from '../feed-context.ts';
import type { InterfaceFigures, Metrics } from '../metrics.ts';
import { useNames } from '../names.ts';
import { Facts, Reading } from '../reading.tsx';

const text = messages.network;
const LOOPBACK = 'lo';

const SPEC: ChartSpec = {
  id: 'network',
  stacked: false,
  series: [
    { id: 'received', label: text.received, colour: 1, filled: true },
    { id: 'sent', label: text.sent, colour: 2, filled: true },
  ],
  format: byteRate,
  axisFormat: bytes,
  scale: byteScale,
};

export function NetworkPanel() {
  const { points } = useFeed();
  return (
    <Panel id="network" title={text.title}>
      <LiveChart title={text.title} spec={SPEC} points={points.network} />
      <Interfaces />
      <Facts
        items={[
          {
            label: text.established,
            of: ({ network }) => count(network?.connections?.established),
            testId: 'established',
          },
          { label: text.timeWait, of: ({ network }) => count(network?.connections?.time_wait), testId: 'time-wait' },
          { label: text.listening, of: ({ network }) => count(network?.connections?.listen), testId: 'listening' },
          {
            label: text.errors,
            of: ({ network }) => text.inOut(count(network?.errors_in), count(network?.errors_out)),
          },
          { label: text.drops, of: ({ network }) => text.inOut(count(network?.drops_in), count(network?.drops_out)) },
          {
            label: text.sinceBoot,
            of: ({ network }) => text.inOut(bytes(network?.total_bytes_recv), bytes(network?.total_bytes_sent)),
            wide: true,
          },
        ]}
      />
    </Panel>
  );
}

function Interfaces() {
  const names = useNames(({ network }) => network?.interfaces);
  const loopbackLast = names.toSorted((a, b) => Number(a === LOOPBACK) - Number(b === LOOPBACK));
  return (
    <LongList items={loopbackLast}>
      {(shown) => (
        <table class="figures" data-testid="interfaces">
          <thead>
            <tr>
              <th scope="col">{text.interface}</th>
              <th scope="col">{text.received}</th>
              <th scope="col">{text.sent}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((name) => (
              <Interface key={name} name={name} />
            ))}
          </tbody>
        </table>
      )}
    </LongList>
  );
}

function Interface({ name }: { name: string }) {
  const of = (format: (figures: InterfaceFigures | undefined) => string) => (metrics: Metrics) =>
    format(metrics.network?.interfaces?.[name]);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Reading of={of((figures) => byteRate(figures?.bytes_recv_per_sec))} />
        <small>
          <Reading of={of((figures) => text.packets(count(figures?.packets_recv_per_sec)))} />
        </small>
      </td>
      <td>
        <Reading of={of((figures) => byteRate(figures?.bytes_sent_per_sec))} />
        <small>
          <Reading of={of((figures) => text.packets(count(figures?.packets_sent_per_sec)))} />
        </small>
      </td>
    </tr>
  );
}
