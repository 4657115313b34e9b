import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { useCell } from '../lib/hooks.ts';
import { useFeed } from '../live/feed-context.ts';
import { messages } from '../messages.ts';
import { HistoryContext } from './context.ts';
import { refreshEveryMs } from './interval.ts';
import { HistoryModel } from './model.ts';
import { Notices } from './notices.tsx';
import type { HistoryQuery } from './query.ts';
import { addressOf, parseQuery } from './query.ts';
import type { Range } from './range.ts';
import { sameRange, zoomedInto } from './range.ts';
import { useRefresh } from './refresh.ts';
import { DiskSection, MemorySection, NetworkSection, PerfSection, ProcessorSection } from './sections.tsx';
import { HistoryStatus } from './status.tsx';
import { HistoryToolbar } from './toolbar.tsx';

/** What happened on this host. */
export function HistoryView() {
  const { api, router } = useApp();
  const { timeline } = useFeed();
  const [model] = useState(
    () => new HistoryModel({ get: (path, signal) => api.get(path, signal), now: () => timeline.hostNowMs() }),
  );
  useEffect(() => () => model.stop(), [model]);

  const address = useCell(router.query);
  const query = useMemo(() => parseQuery(address), [address]);
  const loadedQuery = JSON.stringify([query.range, query.interval]);
  // Which interface or device is shown changes nothing that is asked for
  useEffect(() => void model.show(query), [model, loadedQuery]);

  const shown = useCell(model.shown);
  const moves = query.range.kind !== 'fixed';
  useRefresh(moves && shown ? refreshEveryMs(shown.interval) : null, () => model.refresh());

  const change = (changes: Partial<HistoryQuery>) => router.navigate(addressOf({ ...query, ...changes }));
  const { zoom, canUndo } = useZoom(query, change);
  return (
    <HistoryContext.Provider value={{ model, query, change, zoom, canUndo }}>
      <div class="history">
        <header class="history-header">
          <h1>{messages.history.title}</h1>
          <HistoryStatus />
          <HistoryToolbar />
        </header>
        <Notices />
        <ProcessorSection />
        <MemorySection />
        <NetworkSection />
        <DiskSection />
        <PerfSection />
      </div>
    </HistoryContext.Provider>
  );
}

/** Selecting on a chart, and the way back: the ranges that were zoomed out of, the last one on top. */
function useZoom(query: HistoryQuery, change: (changes: Partial<HistoryQuery>) => void) {
  const { range } = query;
  const steps = useRef<{ from: Range; to: Range }[]>([]);
  // Whoever goes elsewhere, with the browser's back button or a preset, has left what was zoomed into.
  while (steps.current.length > 0 && !sameRange(steps.current.at(-1)?.to ?? range, range)) steps.current.pop();
  const zoom = {
    select(fromSeconds: number, toSeconds: number) {
      const to = zoomedInto(fromSeconds * 1000, toSeconds * 1000);
      steps.current.push({ from: range, to });
      change({ range: to });
    },
    undo() {
      const step = steps.current.pop();
      if (step) change({ range: step.from });
    },
  };
  return { zoom, canUndo: steps.current.length > 0 };
}
