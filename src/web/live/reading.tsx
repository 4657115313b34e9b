import { useLayoutEffect, useRef } from 'preact/hooks';
import { splitUnit } from '../lib/format.ts';
import { messages } from '../messages.ts';
import { setText } from '../ui/text.ts';
import { useFeed } from './feed-context.ts';
import type { Metrics } from './metrics.ts';

/** From here on a bar is drawn in the colour of a warning. */
const HIGH_PERCENT = 90;

/** Makes a text of the latest figures. */
export type Select = (metrics: Metrics) => string;

/**
 * Keeps `show` told of the latest figures for as long as the component is mounted, without rendering it: a message then
 * costs the page a few text nodes, not a tree. `show` gets null until the first message.
 */
export function useMetrics(show: (metrics: Metrics | null) => void): void {
  const feed = useFeed();
  useLayoutEffect(() => {
    show(feed.latest.value?.data ?? null);
    return feed.latest.subscribe((message) => show(message?.data ?? null));
  });
}

/** A figure in running text or a table. */
export function Reading({ of, testId }: { of: Select; testId?: string | undefined }) {
  const node = useRef<HTMLSpanElement>(null);
  useMetrics((metrics) => setText(node.current, metrics ? of(metrics) : messages.noValue));
  return <span class="reading" ref={node} data-testid={testId} />;
}

/** A figure set large, its unit small. */
export function BigReading({ of, testId }: { of: Select; testId?: string }) {
  const number = useRef<HTMLSpanElement>(null);
  const unit = useRef<HTMLSpanElement>(null);
  useMetrics((metrics) => {
    const parts = splitUnit(metrics ? of(metrics) : messages.noValue);
    setText(number.current, parts.value);
    setText(unit.current, parts.unit);
  });
  return (
    <span class="big-reading" data-testid={testId}>
      <span ref={number} /> <span class="unit" ref={unit} />
    </span>
  );
}

/** A bar from 0 to 100, empty where there is no value. It repeats for the eye a figure that stands beside it. */
export function Meter(props: { of: (metrics: Metrics) => number | null | undefined }) {
  const fill = useRef<HTMLDivElement>(null);
  useMetrics((metrics) => {
    const percent = (metrics && props.of(metrics)) ?? 0;
    if (!fill.current) return;
    fill.current.style.transform = `scaleX(${Math.min(100, Math.max(0, percent)) / 100})`;
    fill.current.toggleAttribute('data-high', percent >= HIGH_PERCENT);
  });
  return (
    <div class="meter" aria-hidden="true">
      <div class="meter-fill" ref={fill} />
    </div>
  );
}

/** Label and figure pairs; `wide` ones take the room of two. */
export function Facts({ items }: { items: readonly { label: string; of: Select; testId?: string; wide?: true }[] }) {
  return (
    <dl class="facts">
      {items.map(({ label, of, testId, wide }) => (
        <div key={label} class={wide ? 'wide' : undefined}>
          <dt>{label}</dt>
          <dd>
            <Reading of={of} testId={testId} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
