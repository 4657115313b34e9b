import { useEffect, useState } from 'preact/hooks';
import { useCell } from '../lib/hooks.ts';
import type { RequestState } from '../lib/request.ts';
import { LatestRequest } from '../lib/request.ts';
import type { Preview, PreviewQuery, SettingsApi } from './settings-api.ts';

/** Typing goes on for a moment; the daemon counts rows for each question. */
const SETTLED_AFTER_MS = 300;

/** Asks the daemon what a clean-up would do, once `query` has settled; null asks nothing. The value is never that of another query. */
export function usePreview(api: SettingsApi, query: PreviewQuery | null): RequestState<Preview> {
  const [request] = useState(() => new LatestRequest<{ key: string; preview: Preview }>());
  const key = JSON.stringify(query);
  useEffect(() => {
    if (key === 'null') return;
    const asked = JSON.parse(key) as PreviewQuery;
    const send = (signal: AbortSignal) => api.preview(asked, signal).then((preview) => ({ key, preview }));
    const timer = setTimeout(() => void request.run(send), SETTLED_AFTER_MS);
    return () => {
      clearTimeout(timer);
      request.cancel();
    };
  }, [api, key, request]);
  const { value, loading, problem } = useCell(request);
  const current = value?.key === key ? value.preview : null;
  // From the first keystroke on, not only once the request is under way.
  const pending = loading || (current === null && problem === null);
  return { value: current, loading: pending, problem: pending ? null : problem };
}
