import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { dateAndTime } from '../lib/dates.ts';
import { useCell } from '../lib/hooks.ts';
import { messages } from '../messages.ts';
import { useHistory } from './context.ts';
import { intervalMs, reachesDownsampled } from './interval.ts';
import { useBlocks } from './status.tsx';

const text = messages.history;
const DAY_MS = 86_400_000;

/** What has to be known about the charts before they are believed. */
export function Notices() {
  const { zone } = useApp();
  const { model, change } = useHistory();
  const currentZone = useCell(zone);
  const shown = useCell(model.shown);
  const blocks = useBlocks(model.loader);
  const answers = blocks.flatMap(({ value }) => (value ? [value] : []));
  const settled = !blocks.some(({ loading }) => loading);
  const nothing = settled && answers.length === blocks.length && answers.every(({ points }) => points.length === 0);
  const oldestMs = useOldest(nothing, model);
  if (!shown) return null;

  const notices: ComponentChildren[] = [];
  const cutAtMs = answers
    .flatMap(({ truncated, points }) => (truncated ? points.slice(-1) : []))
    .map(({ timeMs }) => timeMs);
  if (cutAtMs.length > 0) notices.push(text.truncated(dateAndTime(Math.min(...cutAtMs), currentZone)));
  if (answers.some(({ stale }) => stale)) notices.push(text.stale);
  const { resolution, interval, span, nowMs, query } = shown;
  const finer = intervalMs(interval) < intervalMs(resolution.downsampleInterval);
  if (finer && reachesDownsampled(span, resolution, nowMs)) {
    const days = text.days(Math.round(resolution.downsampleAfterMs / DAY_MS));
    notices.push(text.downsampled(days, resolution.downsampleInterval));
  }
  if (nothing)
    notices.push(
      <>
        {text.nothingAtAll(oldestMs === null ? null : dateAndTime(oldestMs, currentZone))}{' '}
        {query.range.kind !== 'all' && oldestMs !== null && (
          <button type="button" class="text-button" onClick={() => change({ range: { kind: 'all' } })}>
            {text.showAll}
          </button>
        )}
      </>,
    );
  return (
    <div class="notices" aria-live="polite" data-testid="notices">
      {notices.map((notice, index) => (
        <p key={String(index)} class="history-notice">
          {notice}
        </p>
      ))}
    </div>
  );
}

/** When records begin; asked for only where it helps. */
function useOldest(wanted: boolean, model: { oldest(): Promise<number | null> }): number | null {
  const [oldestMs, setOldestMs] = useState<number | null>(null);
  useEffect(() => {
    if (wanted) void model.oldest().then(setOldestMs);
  }, [wanted, model]);
  return oldestMs;
}
