import type { Figure } from '../../lib/format.ts';
import { byteRate, countRate, decimal } from '../../lib/format.ts';
import { useSelected } from '../../lib/hooks.ts';
import { messages } from '../../messages.ts';
import { Panel } from '../../ui/panel.tsx';
import { useFeed } from '../feed-context.ts';
import { Facts } from '../reading.tsx';

const KIB = 1024;
const MEGABYTE = 1e6;

/** Page and swap I/O from /proc/vmstat. */
export function PagingPanel() {
  const text = messages.paging;
  const feed = useFeed();
  const available = useSelected(feed.latest, (message) => message?.data.memory_bandwidth?.available !== false);
  return (
    <Panel id="paging" title={text.title}>
      {available ? (
        <Facts
          items={[
            { label: text.pageIn, of: ({ memory_bandwidth: paging }) => kibRate(paging?.pgpgin_per_sec) },
            { label: text.pageOut, of: ({ memory_bandwidth: paging }) => kibRate(paging?.pgpgout_per_sec) },
            { label: text.swapIn, of: ({ memory_bandwidth: paging }) => text.pages(countRate(paging?.pswpin_per_sec)) },
            {
              label: text.swapOut,
              of: ({ memory_bandwidth: paging }) => text.pages(countRate(paging?.pswpout_per_sec)),
            },
            { label: text.faults, of: ({ memory_bandwidth: paging }) => countRate(paging?.pgfault_per_sec) },
            { label: text.majorFaults, of: ({ memory_bandwidth: paging }) => countRate(paging?.pgmajfault_per_sec) },
          ]}
        />
      ) : (
        <p class="empty">{text.unavailable}</p>
      )}
    </Panel>
  );
}

function kibRate(value: Figure): string {
  return byteRate(typeof value === 'number' ? value * KIB : value);
}

function megabyteRate(value: Figure): string {
  return byteRate(typeof value === 'number' ? value * MEGABYTE : value);
}

/** The perf block, or why this host has none. */
export function PerfPanel() {
  const text = messages.perf;
  const feed = useFeed();
  const unavailable = useSelected(feed.latest, (message) => {
    const perf = message?.data.perf;
    return perf && !perf.available ? (perf.reason ?? text.noReason) : null;
  });
  return (
    <Panel id="perf" title={text.title}>
      {unavailable === null ? (
        <Facts
          items={[
            { label: text.ipc, of: ({ perf }) => decimal(perf?.ipc), testId: 'ipc' },
            { label: text.cycles, of: ({ perf }) => countRate(perf?.cycles) },
            { label: text.instructions, of: ({ perf }) => countRate(perf?.instructions) },
            { label: text.l1i, of: ({ perf }) => countRate(perf?.l1i_cache_misses) },
            { label: text.l1d, of: ({ perf }) => countRate(perf?.l1d_cache_misses) },
            { label: text.l2, of: ({ perf }) => countRate(perf?.l2_cache_misses) },
            { label: text.llc, of: ({ perf }) => countRate(perf?.llc_misses) },
            { label: text.bandwidthRead, of: ({ perf }) => megabyteRate(perf?.memory_bandwidth_read_mbps) },
            { label: text.bandwidthWrite, of: ({ perf }) => megabyteRate(perf?.memory_bandwidth_write_mbps) },
          ]}
        />
      ) : (
        <p class="unavailable" data-testid="perf-unavailable">
          <strong>{text.unavailable}</strong>
          <span>{unavailable}</span>
        </p>
      )}
    </Panel>
  );
}
