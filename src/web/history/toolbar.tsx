import { useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import * as dates from '../lib/dates.ts';
import { useCell } from '../lib/hooks.ts';
import { useFeed } from '../live/feed-context.ts';
import { messages } from '../messages.ts';
import { Icon } from '../ui/icon.tsx';
import { Popover } from '../ui/popover.tsx';
import { Segments } from '../ui/segments.tsx';
import { Select } from '../ui/select.tsx';
import { ToolButton } from '../ui/tool-button.tsx';
import { ZoneButton } from '../ui/zone-button.tsx';
import { useHistory } from './context.ts';
import type { Interval } from './interval.ts';
import { fits, INTERVALS } from './interval.ts';
import type { Range } from './range.ts';
import { durationText, PRESETS, sameRange, stepped, zoomedOut } from './range.ts';
import { RangeForm } from './range-form.tsx';

const text = messages.history;

/** Which time is shown, and how finely. */
export function HistoryToolbar() {
  const { model, query, change, zoom, canUndo } = useHistory();
  const { timeline } = useFeed();
  const shown = useCell(model.shown);
  const { range } = query;
  const go = (next: Range) => change({ range: next });
  const step = (direction: -1 | 1) => shown && go(stepped(shown.span, direction, timeline.hostNowMs()));
  return (
    <div class="history-toolbar">
      <Segments
        label={text.presets}
        options={PRESETS.map(({ id }) => ({ value: id, text: text.preset(id), label: text.last(id) }))}
        value={PRESETS.find((preset) => sameRange(preset.range, range))?.id ?? null}
        onChange={(id) => go(PRESETS.find((preset) => preset.id === id)?.range ?? range)}
      />
      <div class="tool-group">
        <ToolButton icon="earlier" label={text.earlier} disabled={range.kind === 'all'} onClick={() => step(-1)} />
        <RangeButton />
        <ToolButton icon="later" label={text.later} disabled={range.kind !== 'fixed'} onClick={() => step(1)} />
      </div>
      <div class="tool-group">
        <ToolButton
          icon="zoom-out"
          label={text.zoomOut}
          disabled={range.kind === 'all'}
          onClick={() => shown && go(zoomedOut(range, shown.span, timeline.hostNowMs()))}
        />
        <ToolButton icon="undo" label={text.undoZoom} disabled={!canUndo} onClick={zoom.undo} />
        <ToolButton icon="refresh" label={text.refresh} onClick={() => model.refresh()} />
      </div>
      <div class="tool-group">
        <Select
          label={text.interval}
          testId="interval"
          value={query.interval ?? ''}
          options={[
            { value: '', text: text.auto(shown?.automatic ?? '') },
            ...INTERVALS.map((interval) => ({
              value: interval,
              text: text.intervalText(interval),
              disabled: shown !== null && !fits(interval, shown.span),
            })),
          ]}
          onChange={(interval) => change({ interval: (interval || null) as Interval | null })}
        />
        <ZoneButton />
      </div>
    </div>
  );
}

/** Says which time is shown, and opens the form for another one. */
function RangeButton() {
  const { zone } = useApp();
  const { model, query, change } = useHistory();
  const { timeline } = useFeed();
  const currentZone = useCell(zone);
  const shown = useCell(model.shown);
  const [open, setOpen] = useState(false);
  const { range } = query;
  const label =
    range.kind === 'fixed'
      ? dates.span(range.fromMs, range.toMs, currentZone, timeline.hostNowMs())
      : text.last(range.kind === 'all' ? 'all' : durationText(range.minutes));
  const span = shown?.span ?? { fromMs: timeline.hostNowMs() - 3_600_000, toMs: timeline.hostNowMs() };
  return (
    <Popover
      open={open}
      setOpen={setOpen}
      title={text.chooseRange}
      button={
        <>
          <Icon name="calendar" />
          <span data-testid="range">{label}</span>
        </>
      }
    >
      <RangeForm
        span={span}
        onApply={(fromMs, toMs) => {
          setOpen(false);
          change({ range: { kind: 'fixed', fromMs, toMs } });
        }}
      />
    </Popover>
  );
}
