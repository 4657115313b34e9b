import { useRef } from 'preact/hooks';
import { count, countRate, percent } from '../../lib/format.ts';
import { useSelected } from '../../lib/hooks.ts';
import { messages } from '../../messages.ts';
import { Panel } from '../../ui/panel.tsx';
import { setText } from '../../ui/text.ts';
import { useFeed } from '../feed-context.ts';
import type { Value } from '../metrics.ts';
import { Facts, Reading, useMetrics } from '../reading.tsx';

const text = messages.cpu;
/** Up to here a core has room for its number; beyond, the grid is a heat map. */
const LABELLED_CORES = 16;
/** And from here on its cells are smaller, or 256 cores would fill the screen. */
const TINY_CORES = 96;

export function CoresPanel() {
  const aside = (
    <span class="panel-note">
      <Reading of={({ cpu }) => text.counts(count(cpu?.core_count), count(cpu?.physical_cores))} testId="core-count" />
    </span>
  );
  return (
    <Panel id="cores" title={text.cores} aside={aside}>
      <CoreGrid />
      <Facts
        items={[
          { label: text.frequency, of: ({ cpu }) => gigahertz(mean(cpu?.frequency_mhz)) },
          { label: text.temperature, of: ({ cpu }) => celsius(highest(cpu?.temperature_celsius)) },
          { label: text.steal, of: ({ cpu }) => percent(cpu?.steal) },
          { label: text.contextSwitches, of: ({ cpu }) => countRate(cpu?.context_switches) },
          { label: text.interrupts, of: ({ cpu }) => countRate(cpu?.interrupts) },
        ]}
      />
    </Panel>
  );
}

/** One cell per core, filled and coloured by its usage. */
function CoreGrid() {
  const feed = useFeed();
  const cores = useSelected(feed.latest, (message) => message?.data.cpu?.per_core?.length ?? 0);
  const grid = useRef<HTMLDivElement>(null);
  const shown = useRef<(number | null)[]>([]);
  useMetrics((metrics) => {
    const element = grid.current;
    const usages = metrics?.cpu?.per_core;
    if (!element || !usages || usages.length !== element.children.length) return;
    element.setAttribute('aria-label', coresSummary(usages));
    for (const [index, usage] of usages.entries()) {
      const rounded = typeof usage === 'number' ? Math.round(usage) : null;
      const cell = element.children[index];
      // At ten messages a second and 256 cores, most whole percentages stand still.
      if (!(cell instanceof HTMLElement) || (cell.dataset['usage'] !== undefined && shown.current[index] === rounded))
        continue;
      shown.current[index] = rounded;
      showCore(cell, index, rounded);
    }
  });
  if (cores === 0) return <p class="empty cores">{text.noCores}</p>;
  return (
    <div
      class="cores"
      role="img"
      ref={grid}
      data-dense={cores > LABELLED_CORES}
      data-tiny={cores > TINY_CORES}
      data-testid="cores"
    >
      {Array.from({ length: cores }, (_, index) => (
        <div class="core" key={index}>
          <span class="core-name">{index}</span>
          <span class="core-usage" />
        </div>
      ))}
    </div>
  );
}

function showCore(cell: HTMLElement, index: number, usage: number | null): void {
  cell.dataset['usage'] = usage === null ? '' : String(usage);
  cell.style.setProperty('--usage', String(usage ?? 0));
  const label = usage === null ? messages.noValue : `${usage}%`;
  cell.title = `${text.core(index)}: ${label}`;
  setText(cell.lastElementChild, label);
}

function coresSummary(usages: readonly Value[]): string {
  let busiest = 0;
  for (const [index, usage] of usages.entries()) if ((usage ?? -1) > (usages[busiest] ?? -1)) busiest = index;
  return text.coresSummary(usages.length, busiest, percent(usages[busiest]));
}

function known(values: readonly Value[] | undefined): number[] {
  return values?.filter((value) => typeof value === 'number') ?? [];
}

function mean(values: readonly Value[] | undefined): number | null {
  const numbers = known(values);
  return numbers.length > 0 ? numbers.reduce((sum, value) => sum + value, 0) / numbers.length : null;
}

function highest(values: readonly Value[] | undefined): number | null {
  const numbers = known(values);
  return numbers.length > 0 ? numbers.reduce((a, b) => Math.max(a, b)) : null;
}

function gigahertz(megahertz: number | null): string {
  return megahertz === null ? messages.noValue : text.gigahertz((megahertz / 1000).toFixed(2));
}

function celsius(degrees: number | null): string {
  return degrees === null ? messages.noValue : text.celsius(degrees.toFixed(0));
}
