import type { Figure } from '../../lib/format.ts';
import { byteRate, countRate } from '../../lib/format.ts';
import { useSelected } from '../../lib/hooks.ts';
import { messages } from '../../messages.ts';
import { Panel } from '../../ui/panel.tsx';
import { useFeed } from '../feed-context.ts';
import { Facts } from '../reading.tsx';

const KIB = 1024;

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
