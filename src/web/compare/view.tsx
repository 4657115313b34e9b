import { useEffect, useMemo, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import type { Interval, Resolution } from '../history/interval.ts';
import { askResolution, MOST_POINTS, refreshEveryMs } from '../history/interval.ts';
import { useRefresh } from '../history/refresh.ts';
import { useCell } from '../lib/hooks.ts';
import { LatestRequest } from '../lib/request.ts';
import { messages } from '../messages.ts';
import { CompareCharts } from './charts.tsx';
import type { Comparison } from './overlay.ts';
import type { CompareQuery } from './query.ts';
import { addressOf, isCustom, parseQuery, requestPath } from './query.ts';
import { CompareSummary } from './summary.tsx';
import { CompareToolbar } from './toolbar.tsx';

const text = messages.compare;

/** This host now and at another time, laid over each other. */
export function CompareView() {
  const { api, router } = useApp();
  const [request] = useState(
    () => new LatestRequest<{ query: CompareQuery; answer: Comparison; resolution: Resolution }>(),
  );
  useEffect(() => () => request.cancel(), [request]);
  const address = useCell(router.query);
  const query = useMemo(() => parseQuery(address), [address]);
  const load = () =>
    void request.run(async (signal) => {
      const [answer, resolution] = await Promise.all([
        api.get<Comparison>(requestPath(query, MOST_POINTS), signal),
        askResolution((path) => api.get(path, signal)),
      ]);
      return { query, answer, resolution };
    });
  // `load` is another one with another query only
  useEffect(load, [query, request]);

  const { value, loading, problem } = useCell(request);
  // Of another block, figures of the last answer would stand under wrong names.
  const shown = value?.query.block === query.block ? value : null;
  const moves = !isCustom(query.periods);
  useRefresh(moves && shown ? refreshEveryMs(shown.answer.interval as Interval) : null, load);

  const change = (changes: Partial<CompareQuery>) => router.navigate(addressOf({ ...query, ...changes }));
  return (
    <div class="compare" aria-busy={loading}>
      <header class="history-header">
        <h1>{text.title}</h1>
        <CompareToolbar query={query} change={change} refresh={load} />
        <div class="progress" data-loading={loading} aria-hidden="true" />
      </header>
      <div class="notices" aria-live="polite" data-testid="notices">
        {problem !== null && !loading && (
          <p class="history-notice">
            {problem}{' '}
            <button type="button" class="text-button" onClick={load}>
              {messages.history.retry}
            </button>
          </p>
        )}
        {(shown?.answer.current.truncated || shown?.answer.comparison.truncated) && (
          <p class="history-notice">{text.truncated}</p>
        )}
        {shown?.answer.stale && <p class="history-notice">{messages.history.stale}</p>}
      </div>
      <CompareSummary block={query.block} answer={shown?.answer ?? null} />
      <CompareCharts block={query.block} answer={shown?.answer ?? null} resolution={shown?.resolution ?? null} />
    </div>
  );
}
