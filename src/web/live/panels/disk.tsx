import { byteScale } from '../../chart/axes.ts';
import type { ChartSpec } from '../../chart/options.ts';
import { byteRate, bytes, count, milliseconds, percent } from '../../lib/format.ts';
import { messages } from '../../messages.ts';
import { LongList } from '../../ui/long-list.tsx';
import { Panel } from '../../ui/panel.tsx';
import { LiveChart } from '../chart.tsx';
import { useFeed } from '../feed-context.ts';
import type { DeviceFigures, Metrics, PartitionFigures } from '../metrics.ts';
import { useNames } from '../names.ts';
import { Meter, Reading } from '../reading.tsx';

const text = messages.disk;

const SPEC: ChartSpec = {
  id: 'disk',
  stacked: false,
  series: [
    { id: 'read', label: text.read, colour: 1, filled: true },
    { id: 'written', label: text.written, colour: 2, filled: true },
  ],
  format: byteRate,
  axisFormat: bytes,
  scale: byteScale,
};

export function DiskPanel() {
  const { points } = useFeed();
  const names = useNames(({ disk }) => disk?.devices);
  return (
    <Panel id="disk" title={text.title}>
      <LiveChart title={text.title} spec={SPEC} points={points.disk} />
      <LongList items={names}>
        {(shown) => (
          <table class="figures" data-testid="devices">
            <thead>
              <tr>
                <th scope="col">{text.device}</th>
                <th scope="col">{text.read}</th>
                <th scope="col">{text.written}</th>
                <th scope="col">{text.busy}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((name) => (
                <Device key={name} name={name} />
              ))}
              {shown.length === 0 && (
                <tr>
                  <td class="empty" colSpan={4}>
                    {text.noDevices}
                  </td>
                </tr>
              )}
            </tbody>
          </table>
        )}
      </LongList>
    </Panel>
  );
}

function Device({ name }: { name: string }) {
  const of = (format: (figures: DeviceFigures | undefined) => string) => (metrics: Metrics) =>
    format(metrics.disk?.devices?.[name]);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Reading of={of((figures) => byteRate(figures?.read_bytes_per_sec))} />
        <small>
          <Reading of={of((figures) => text.operations(count(figures?.read_iops)))} />
          <span class="separator"> · </span>
          <Reading of={of((figures) => milliseconds(figures?.read_latency_ms))} />
        </small>
      </td>
      <td>
        <Reading of={of((figures) => byteRate(figures?.write_bytes_per_sec))} />
        <small>
          <Reading of={of((figures) => text.operations(count(figures?.write_iops)))} />
          <span class="separator"> · </span>
          <Reading of={of((figures) => milliseconds(figures?.write_latency_ms))} />
        </small>
      </td>
      <td>
        <Reading of={of((figures) => percent(figures?.utilization_percent))} />
      </td>
    </tr>
  );
}

export function FilesystemsPanel() {
  const names = useNames(({ disk }) => disk?.partitions);
  return (
    <Panel id="filesystems" title={text.filesystems}>
      {names.length === 0 && <p class="empty">{text.noFilesystems}</p>}
      <LongList items={names}>
        {(shown) => (
          <ul class="filesystems" data-testid="filesystems">
            {shown.map((mount) => (
              <Filesystem key={mount} mount={mount} />
            ))}
          </ul>
        )}
      </LongList>
    </Panel>
  );
}

function Filesystem({ mount }: { mount: string }) {
  const figures = (metrics: Metrics): PartitionFigures | undefined => metrics.disk?.partitions?.[mount];
  return (
    <li>
      <span class="filesystem-mount" title={mount}>
        {mount}
      </span>
      <span class="filesystem-size">
        <Reading
          of={(metrics) => text.usedOf(bytes(figures(metrics)?.used_bytes), bytes(figures(metrics)?.total_bytes))}
        />
      </span>
      <span class="filesystem-percent">
        <Reading of={(metrics) => percent(figures(metrics)?.usage_percent)} />
      </span>
      <Meter of={(metrics) => figures(metrics)?.usage_percent} />
    </li>
  );
}
