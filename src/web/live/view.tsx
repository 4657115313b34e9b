import { useSelected } from '../lib/hooks.ts';
import { messages } from '../messages.ts';
import { useFeed } from './feed-context.ts';
import { CoresPanel } from './panels/cores.tsx';
import { BandwidthPanel, PerfPanel } from './panels/counters.tsx';
import { CpuPanel } from './panels/cpu.tsx';
import { DiskPanel, FilesystemsPanel } from './panels/disk.tsx';
import { MemoryPanel } from './panels/memory.tsx';
import { NetworkPanel } from './panels/network.tsx';
import { PagingPanel } from './panels/paging.tsx';
import { ConnectionStatus } from './status.tsx';
import { Summary } from './summary.tsx';
import { ChartControls, Clock } from './toolbar.tsx';

/** This host, as it happens. */
export function LiveView() {
  const feed = useFeed();
  const connected = useSelected(feed.stream.state, (state) => state.name === 'open');
  // The first message says how many cores, devices and interfaces there are; shown before, the panels would jump.
  const begun = useSelected(feed.latest, (message) => message !== null);
  return (
    <div class="live" data-stale={begun && !connected} data-begun={begun}>
      <header class="live-header">
        <div class="live-title">
          <h1>{messages.live.title}</h1>
          <span class="live-host" data-testid="host">
            <span class="sr-only">{messages.live.host} </span>
            {location.host}
          </span>
        </div>
        <ConnectionStatus />
        <div class="toolbar">
          <Clock />
          <ChartControls />
        </div>
      </header>
      <Summary />
      {!begun && <p class="live-waiting">{messages.live.waiting}</p>}
      <div class="panels">
        <CpuPanel />
        <CoresPanel />
        <div class="panel-column">
          <MemoryPanel />
          <DiskPanel />
          <FilesystemsPanel />
        </div>
        <div class="panel-column">
          <NetworkPanel />
          <PagingPanel />
          <BandwidthPanel />
          <PerfPanel />
        </div>
      </div>
    </div>
  );
}
