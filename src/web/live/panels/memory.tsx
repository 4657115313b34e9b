import { useMemo, useRef } from 'preact/hooks';
import { bytesOfTotal } from '../../chart/axes.ts';
import type { ChartSpec } from '../../chart/options.ts';
import { bytes } from '../../lib/format.ts';
import { useSelected } from '../../lib/hooks.ts';
import { messages } from '../../messages.ts';
import { Panel } from '../../ui/panel.tsx';
import { LiveChart } from '../chart.tsx';
import { useFeed } from '../feed-context.ts';
import type { MemoryBlock } from '../metrics.ts';
import { Facts, Reading, useMetrics } from '../reading.tsx';

const text = messages.memory;

export function MemoryPanel() {
  const feed = useFeed();
  const totalBytes = useSelected(feed.latest, (message) => message?.data.memory?.total_bytes ?? null);
  const spec = useMemo(() => memorySpec(totalBytes), [totalBytes]);
  const aside = (
    <span class="panel-note">
      <Reading of={({ memory }) => bytes(memory?.used_bytes)} testId="memory-used" />{' '}
      <Reading of={({ memory }) => text.total(bytes(memory?.total_bytes))} testId="memory-total" />
    </span>
  );
  return (
    <Panel id="memory" title={text.title} aside={aside}>
      <LiveChart title={text.title} spec={spec} points={feed.points.memory} />
      <Composition />
      <Facts
        items={[
          { label: text.available, of: ({ memory }) => bytes(memory?.available_bytes), testId: 'memory-available' },
          { label: text.cached, of: ({ memory }) => bytes(memory?.cached_bytes), testId: 'memory-cached' },
          { label: text.buffers, of: ({ memory }) => bytes(memory?.buffers_bytes), testId: 'memory-buffers' },
          { label: text.shared, of: ({ memory }) => bytes(memory?.shared_bytes) },
          { label: text.swap, of: ({ memory }) => swap(memory), testId: 'swap', wide: true },
        ]}
      />
    </Panel>
  );
}

function memorySpec(totalBytes: number | null): ChartSpec {
  return {
    id: 'memory',
    stacked: false,
    series: [
      { id: 'used', label: text.used, colour: 1, filled: true },
      { id: 'cache', label: text.cache, hint: text.cacheHint, colour: 3, filled: false },
      { id: 'swap', label: text.swap, colour: 4, filled: false },
    ],
    format: bytes,
    axisFormat: bytes,
    scale: bytesOfTotal(totalBytes),
  };
}

/** A bar of what the memory is used for. Cache that can be reclaimed counts as available, so it is no more than that. */
function Composition() {
  const bar = useRef<HTMLDivElement>(null);
  useMetrics((metrics) => {
    const memory = metrics?.memory;
    const [used, cache] = [...(bar.current?.children ?? [])] as HTMLElement[];
    const total = memory?.total_bytes;
    if (!bar.current || !used || !cache || !memory || !total) return;
    const usedBytes = memory.used_bytes ?? 0;
    const availableBytes = memory.available_bytes ?? 0;
    const cacheBytes = Math.min(availableBytes, (memory.cached_bytes ?? 0) + (memory.buffers_bytes ?? 0));
    used.style.width = `${(100 * usedBytes) / total}%`;
    cache.style.width = `${(100 * cacheBytes) / total}%`;
    const label = text.composition(bytes(usedBytes), bytes(cacheBytes), bytes(availableBytes - cacheBytes));
    bar.current.setAttribute('aria-label', label);
    bar.current.title = label;
  });
  return (
    <div class="composition" role="img" ref={bar}>
      <div class="composition-used" />
      <div class="composition-cache" />
    </div>
  );
}

function swap(memory: MemoryBlock | undefined): string {
  if (memory?.swap_total_bytes === 0) return text.noSwap;
  return `${bytes(memory?.swap_used_bytes)} ${text.total(bytes(memory?.swap_total_bytes))}`;
}
