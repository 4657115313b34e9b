import type { ComponentChildren } from 'preact';
import { useApp } from '../app-context.ts';
import type { BlockName } from '../history/blocks.ts';
import { span } from '../lib/dates.ts';
import type { Figure } from '../lib/format.ts';
import { splitUnit } from '../lib/format.ts';
import { useCell } from '../lib/hooks.ts';
import { useFeed } from '../live/feed-context.ts';
import { messages } from '../messages.ts';
import { COMPARE_FIGURES } from './figures.ts';
import type { ComparePeriod, Comparison } from './overlay.ts';
import { signedPercent } from './signed-percent.ts';

const text = messages.compare;

/** The averages of both periods and what changed, in the daemon's own figures. */
export function CompareSummary({ block, answer }: { block: BlockName; answer: Comparison | null }) {
  const figure = primaryOf(block, answer);
  const { current_avg, comparison_avg, change_percent } = answer?.summary ?? {};
  return (
    <section class="compare-summary" aria-label={text.average(figure.title)}>
      <Tile
        title={text.average(`${text.current} · ${figure.title}`)}
        value={figure.axis.format(current_avg)}
        testId="current-average"
      >
        <When period={answer?.current} swatch={1} />
      </Tile>
      <Tile
        title={text.average(`${text.comparison} · ${figure.title}`)}
        value={figure.axis.format(comparison_avg)}
        testId="comparison-average"
      >
        <When period={answer?.comparison} swatch="muted" />
      </Tile>
      <Tile title={text.change} value={signedPercent(change_percent)} testId="change">
        {answer && change_percent === null && <p class="tile-note">{text.noChange}</p>}
        {answer && change_percent !== null && <p class="tile-note">{difference(figure.axis.format, answer)}</p>}
      </Tile>
    </section>
  );
}

/** The daemon sums up the first figure that both periods have. */
function primaryOf(block: BlockName, answer: Comparison | null) {
  const figures = COMPARE_FIGURES[block];
  const points = answer?.current.data_points ?? [];
  const has = ({ of }: (typeof figures)[number]) => points.some(({ data }) => typeof of(data as never) === 'number');
  const primary = (answer && figures.find(has)) ?? figures[0];
  if (!primary) throw new Error(`nothing to compare of ${block}`);
  return primary;
}

function difference(format: (value: Figure) => string, { summary }: Comparison): string {
  const by = (summary.current_avg ?? 0) - (summary.comparison_avg ?? 0);
  const sign = by > 0 ? '+' : by < 0 ? '−' : '';
  const size = format(Math.abs(by));
  // 5% more than 20% may be 21% or 25%: the difference of percentages is told in points.
  return `${sign}${size.endsWith('%') ? text.points(size.slice(0, -1)) : size}`;
}

function Tile(props: { title: string; value: string; testId: string; children: ComponentChildren }) {
  const { value, unit } = splitUnit(props.value);
  return (
    <article class="tile">
      <h2>{props.title}</h2>
      <span class="big-reading" data-testid={props.testId}>
        {value} <span class="unit">{unit}</span>
      </span>
      {props.children}
    </article>
  );
}

function When({ period, swatch }: { period: ComparePeriod | undefined; swatch: 1 | 'muted' }) {
  const { zone } = useApp();
  const { timeline } = useFeed();
  const currentZone = useCell(zone);
  const [fromMs, toMs] = [Date.parse(period?.start_time ?? ''), Date.parse(period?.end_time ?? '')];
  return (
    <p class="tile-note compare-when">
      <span class={`swatch swatch-${swatch}`} data-dashed={swatch === 'muted'} aria-hidden="true" />
      {period ? span(fromMs, toMs, currentZone, timeline.hostNowMs()) : messages.noValue}
    </p>
  );
}
