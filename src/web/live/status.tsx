import { age } from '../lib/format.ts';
import { useCell, useTicks } from '../lib/hooks.ts';
import { messages } from '../messages.ts';
import { useFeed } from './feed-context.ts';
import type { StreamState } from './stream.ts';

const text = messages.live;
/** Figures that are late by this many sampling intervals are missing. */
const STALLED_INTERVALS = 3;
const STALLED_AT_LEAST_MS = 3_000;

type Shown = keyof typeof text.state;

/** Whether figures are coming, since when not, and when the next attempt is. */
export function ConnectionStatus() {
  const feed = useFeed();
  const state = useCell(feed.stream.state);
  useTicks(1_000);
  const arrivedMs = feed.arrivedMs.value;
  const ageMs = arrivedMs === null ? null : Date.now() - arrivedMs;
  const stalledAfterMs = Math.max(STALLED_AT_LEAST_MS, STALLED_INTERVALS * feed.cadenceMs.value);
  const shown = shownState(state, ageMs !== null && ageMs > stalledAfterMs);
  return (
    <div class="status" data-state={shown} data-testid="status">
      <span class="status-dot" aria-hidden="true" />
      {/* Only the state is announced; what ticks beside it is for the eye. */}
      <span role="status" class="status-state" data-testid="status-state">
        {text.state[shown]}
      </span>
      <span class="status-detail" data-testid="status-detail">
        {detail(state, ageMs)}
      </span>
    </div>
  );
}

function shownState({ name }: StreamState, stalled: boolean): Shown {
  if (name === 'waiting') return 'reconnecting';
  if (name === 'open' && stalled) return 'stalled';
  return name;
}

function detail(state: StreamState, ageMs: number | null): string {
  const parts = [];
  if (state.name === 'waiting') parts.push(text.retryIn(Math.max(0, Math.ceil((state.retryAtMs - Date.now()) / 1000))));
  if (ageMs !== null) parts.push(text.updated(age(ageMs)));
  return parts.join(' · ');
}
