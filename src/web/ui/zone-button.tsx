import { useApp } from '../app-context.ts';
import { useCell } from '../lib/hooks.ts';
import { messages } from '../messages.ts';

const text = messages.live;

/** Which time zone the times are in; a click switches between UTC and local. */
export function ZoneButton() {
  const { zone } = useApp();
  const current = useCell(zone);
  const label = text.zoneSwitch(text.zone[current]);
  return (
    <button
      type="button"
      class="tool zone"
      title={label}
      aria-label={label}
      data-testid="zone"
      onClick={() => zone.next()}
    >
      {text.zone[current]}
    </button>
  );
}
