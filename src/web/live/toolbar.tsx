import { useApp } from '../app-context.ts';
import { timeOfDay } from '../lib/format.ts';
import { useCell, useTicks } from '../lib/hooks.ts';
import { messages } from '../messages.ts';
import { Icon } from '../ui/icon.tsx';
import { useFeed } from './feed-context.ts';
import { WINDOW_MINUTES } from './timeline.ts';

const text = messages.live;

/** The host's time, in the zone that the charts use; a click switches between UTC and local. */
export function Clock() {
  const { zone } = useApp();
  const { timeline } = useFeed();
  const current = useCell(zone);
  useTicks(1_000);
  const label = text.zoneSwitch(text.zone[current]);
  return (
    <button
      type="button"
      class="tool clock"
      title={label}
      aria-label={label}
      data-testid="clock"
      onClick={() => zone.next()}
    >
      <span class="clock-time">{timeOfDay(timeline.hostNowMs(), current)}</span>
      <span class="clock-zone">{text.zone[current]}</span>
    </button>
  );
}

/** How much time the charts show, and whether they move. */
export function ChartControls() {
  const { timeline } = useFeed();
  const windowMs = useCell(timeline.windowMs);
  const paused = useCell(timeline.paused);
  const hovered = useCell(timeline.hovered);
  return (
    <>
      <fieldset class="segments" aria-label={text.window}>
        {WINDOW_MINUTES.map((minutes) => (
          <button
            key={minutes}
            type="button"
            aria-pressed={windowMs === minutes * 60_000}
            aria-label={text.windowMinutesLong(minutes)}
            data-testid={`window-${minutes}`}
            onClick={() => timeline.windowMs.set(minutes * 60_000)}
          >
            {text.windowMinutes(minutes)}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        class="tool pause"
        aria-pressed={paused}
        aria-label={text.pause}
        title={paused ? text.resume : text.pause}
        data-held={paused || hovered}
        data-testid="pause"
        onClick={() => timeline.paused.set(!paused)}
      >
        <Icon name={paused ? 'play' : 'pause'} />
      </button>
    </>
  );
}
