import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { useCell, useSelected } from '../lib/hooks.ts';
import { useFeed } from '../live/feed-context.ts';
import { messages } from '../messages.ts';
import { Select } from '../ui/select.tsx';
import type { Blocks } from './blocks.ts';
import { namesIn } from './charts/chart.ts';
import { DISK_CHARTS } from './charts/disk.ts';
import { hasBandwidth, MEMORY_CHARTS } from './charts/memory.ts';
import { NETWORK_CHARTS } from './charts/network.ts';
import { countedEvents, hasHardware, PERF_CHARTS } from './charts/perf.ts';
import { PROCESSOR_CHARTS } from './charts/processor.ts';
import { useHistory } from './context.ts';
import type { BlockPoint } from './loader.ts';
import { HistoryPanel } from './panel.tsx';

const text = messages.history;

function Section(props: { id: string; title: string; picker?: ComponentChildren; children: ComponentChildren }) {
  const headingId = `section-${props.id}`;
  return (
    <section class="history-section" aria-labelledby={headingId}>
      <header class="history-section-header">
        <h2 id={headingId}>{props.title}</h2>
        {props.picker}
      </header>
      {props.children}
    </section>
  );
}

export function ProcessorSection() {
  return (
    <Section id="processor" title={text.sections.processor}>
      <div class="history-grid">
        {PROCESSOR_CHARTS.map((chart) => (
          <HistoryPanel key={chart.id} chart={chart} />
        ))}
      </div>
    </Section>
  );
}

export function MemorySection() {
  const { model } = useHistory();
  const feed = useFeed();
  const { value } = useCell(model.loader.blocks.memory_bandwidth);
  const points = (value?.points ?? []) as readonly BlockPoint<Blocks['memory_bandwidth']>[];
  const reason = useSelected(feed.latest, (message) => message?.data.memory_bandwidth?.reason ?? null);
  return (
    <Section id="memory" title={text.sections.memory}>
      {points.length > 0 && !hasBandwidth(points) && (
        <p class="empty" data-testid="no-bandwidth">
          {text.noBandwidth(reason)}
        </p>
      )}
      <div class="history-grid">
        {MEMORY_CHARTS.map((chart) => (
          <HistoryPanel key={chart.id} chart={chart} />
        ))}
      </div>
    </Section>
  );
}

/** A choice between all of something and one of those that the points name. */
function Picker(props: {
  label: string;
  all: string;
  names: readonly string[];
  chosen: string | null;
  choose(name: string | null): void;
}) {
  // What the address asks for is on the list even when this span knows nothing of it.
  const names =
    props.chosen === null || props.names.includes(props.chosen) ? props.names : [...props.names, props.chosen];
  return (
    <Select
      label={props.label}
      value={props.chosen ?? ''}
      options={[{ value: '', text: props.all }, ...names.map((name) => ({ value: name, text: name }))]}
      onChange={(value) => props.choose(value || null)}
    />
  );
}

export function NetworkSection() {
  const { model, query, change } = useHistory();
  const { value } = useCell(model.loader.blocks.network);
  const names = useMemo(
    () => namesIn((value?.points ?? []) as readonly BlockPoint<Blocks['network']>[], ({ interfaces }) => interfaces),
    [value],
  );
  const picker = (
    <Picker
      label={messages.network.interface}
      all={text.all.interfaces}
      names={names}
      chosen={query.networkInterface}
      choose={(networkInterface) => change({ networkInterface })}
    />
  );
  return (
    <Section id="network" title={text.sections.network} picker={picker}>
      <div class="history-grid">
        {NETWORK_CHARTS.map((chart) => (
          <HistoryPanel key={chart.id} chart={chart} choice={query.networkInterface} />
        ))}
      </div>
    </Section>
  );
}

export function DiskSection() {
  const { model, query, change } = useHistory();
  const { value } = useCell(model.loader.blocks.disk);
  const names = useMemo(
    () => namesIn((value?.points ?? []) as readonly BlockPoint<Blocks['disk']>[], ({ devices }) => devices),
    [value],
  );
  const picker = (
    <Picker
      label={messages.disk.device}
      all={text.all.devices}
      names={names}
      chosen={query.device}
      choose={(device) => change({ device })}
    />
  );
  return (
    <Section id="disk" title={text.sections.disk} picker={picker}>
      <div class="history-grid">
        {DISK_CHARTS.map((chart) => (
          <HistoryPanel key={chart.id} chart={chart} choice={query.device} />
        ))}
      </div>
    </Section>
  );
}

/** What was counted, or one line about why nothing was. */
export function PerfSection() {
  const { model, query, change } = useHistory();
  const feed = useFeed();
  const { value, problem } = useCell(model.loader.blocks.perf_events);
  const nothing = useSelected(feed.latest, (message) => message?.data.perf_events?.reason ?? null);
  const noHardware = useSelected(feed.latest, (message) => message?.data.perf?.reason ?? null);
  const points = (value?.points ?? []) as readonly BlockPoint<Blocks['perf_events']>[];
  const events = useMemo(() => countedEvents(points), [points]);
  if (events.length === 0)
    return (
      <Section id="perf" title={text.sections.perf}>
        <p class="empty" data-testid="no-perf">
          {problem ?? (value && text.noPerf(nothing))}
        </p>
      </Section>
    );
  const chosen = events.find((event) => event === query.event) ?? events[0] ?? '';
  const picker = (
    <Select
      label={text.event}
      value={chosen}
      options={events.map((event) => ({ value: event, text: event }))}
      onChange={(event) => change({ event })}
    />
  );
  return (
    <Section id="perf" title={text.sections.perf} picker={picker}>
      {!hasHardware(points) && (
        <p class="empty" data-testid="no-hardware">
          {text.noHardware(noHardware)}
        </p>
      )}
      <div class="history-grid">
        {PERF_CHARTS.map((chart) => (
          <HistoryPanel key={chart.id} chart={chart} choice={chosen} />
        ))}
      </div>
    </Section>
  );
}
