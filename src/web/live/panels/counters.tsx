import { byteRate, countRate, decimal, percent } from '../../lib/format.ts';
import { useSelected } from '../../lib/hooks.ts';
import { messages } from '../../messages.ts';
import { Panel } from '../../ui/panel.tsx';
import { chosenEvents, countedEvent, MISS_NAMES, missPercent, perThousand } from '../counters.ts';
import { useFeed } from '../feed-context.ts';
import type { Metrics } from '../metrics.ts';
import { useNames } from '../names.ts';
import { Facts } from '../reading.tsx';
import { Unavailable } from '../unavailable.tsx';

const text = messages.perf;

/** What the CPUs and the kernel count, or why they do not. */
export function PerfPanel() {
  const feed = useFeed();
  const noHardware = useSelected(feed.latest, (message) => whyNot(message?.data.perf));
  const nothing = useSelected(feed.latest, (message) => whyNot(message?.data.perf_events));
  const reason = nothing ?? noHardware;
  return (
    <Panel id="perf" title={text.title}>
      {noHardware === null && <HardwareFacts />}
      {nothing === null && <KernelFacts />}
      {reason !== null && (
        <Unavailable
          title={nothing === null ? text.noHardware : text.nothing}
          reason={reason}
          testId="perf-unavailable"
        />
      )}
      <NotCounted alreadySaid={reason} />
    </Panel>
  );
}

/** null where something is counted, and where the message does not say. */
function whyNot(block: { available?: boolean; reason?: string } | undefined): string | null {
  return block?.available === false ? block.reason || messages.noReason : null;
}

function HardwareFacts() {
  return (
    <>
      <Facts
        items={[
          { label: text.ipc, of: ({ perf }) => decimal(perf?.ipc), testId: 'ipc' },
          { label: text.instructions, of: ({ perf }) => countRate(perf?.instructions) },
          { label: text.cycles, of: ({ perf }) => countRate(perf?.cycles) },
          { label: text.branchMisses, of: (metrics) => percent(missPercent(metrics)), testId: 'branch-misses' },
        ]}
      />
      <h3 class="facts-title">{text.perThousand}</h3>
      <Facts
        items={MISS_NAMES.map((name) => ({
          label: text.misses[name],
          of: (metrics) => decimal(perThousand(metrics, name)),
          testId: `misses-${name}`,
        }))}
      />
    </>
  );
}

/** The kernel counts these everywhere; behind them come the events that the settings name. */
function KernelFacts() {
  const rate = (event: string) => (metrics: Metrics) => countRate(countedEvent(metrics, event));
  const chosen = useNames(chosenEvents);
  return (
    <Facts
      items={[
        { label: text.contextSwitches, of: rate('context-switches'), testId: 'perf-switches' },
        { label: text.migrations, of: rate('cpu-migrations') },
        { label: text.faults, of: rate('page-faults') },
        ...chosen.map((event) => ({ label: event, of: rate(event), testId: `event-${event}` })),
      ]}
    />
  );
}

/** The events that are not counted, by reason. */
function NotCounted({ alreadySaid }: { alreadySaid: string | null }) {
  const feed = useFeed();
  const told = useSelected(feed.latest, (message) =>
    JSON.stringify(message?.data.perf_events?.unsupported_reasons ?? {}),
  );
  const byReason = Map.groupBy(Object.entries<string>(JSON.parse(told)), ([, reason]) => reason);
  if (alreadySaid !== null) byReason.delete(alreadySaid);
  if (byReason.size === 0) return null;
  return (
    <details class="not-counted" data-testid="not-counted">
      <summary>{text.notCounted([...byReason.values()].flat().length)}</summary>
      <dl>
        {[...byReason].map(([reason, events]) => (
          <div key={reason}>
            <dt>{events.map(([event]) => event).join(', ')}</dt>
            <dd>{reason}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Traffic of the memory controllers, or why nothing counts it. */
export function BandwidthPanel() {
  const text = messages.bandwidth;
  const feed = useFeed();
  const source = useSelected(feed.latest, (message) => message?.data.memory_bandwidth?.source ?? null);
  const reason = useSelected(feed.latest, (message) => message?.data.memory_bandwidth?.reason ?? null);
  const aside = source !== null && (
    <span class="panel-note" data-testid="bandwidth-source">
      {text.source(source)}
    </span>
  );
  return (
    <Panel id="bandwidth" title={text.title} aside={aside}>
      {source === null ? (
        <Unavailable title={text.unavailable} reason={reason || messages.noReason} testId="bandwidth-unavailable" />
      ) : (
        <Facts
          items={[
            {
              label: text.read,
              of: ({ memory_bandwidth: traffic }) => byteRate(traffic?.read_bytes_per_sec),
              testId: 'bandwidth-read',
            },
            { label: text.written, of: ({ memory_bandwidth: traffic }) => byteRate(traffic?.write_bytes_per_sec) },
            {
              label: text.total,
              of: ({ memory_bandwidth: traffic }) => byteRate(traffic?.total_bytes_per_sec),
              testId: 'bandwidth-total',
            },
          ]}
        />
      )}
    </Panel>
  );
}
