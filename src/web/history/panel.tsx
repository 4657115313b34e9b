import { useMemo, useRef } from 'preact/hooks';
import type { ChartStyle } from '../chart/chart.tsx';
import { Chart } from '../chart/chart.tsx';
import type { ChartSpec } from '../chart/options.ts';
import { rowsWithGaps } from '../chart/rows.ts';
import { useFrameSource } from '../chart/source.ts';
import { calendarAxis } from '../chart/time-axis.ts';
import { moment } from '../lib/dates.ts';
import { useCell } from '../lib/hooks.ts';
import { messages } from '../messages.ts';
import { Panel } from '../ui/panel.tsx';
import type { HistoryChart } from './charts/chart.ts';
import { useHistory } from './context.ts';
import { spacingOf } from './interval.ts';

const text = messages.history;

const STYLE: ChartStyle = {
  sync: 'history',
  axis: calendarAxis,
  idle: 'average',
  moment: (time, zone) => moment(time * 1000, zone),
};

/** A chart of the history in its panel; nothing where the host has no use for it. */
export function HistoryPanel({ chart, choice = null }: { chart: HistoryChart; choice?: string | null }) {
  const { model, zoom } = useHistory();
  const request = model.loader.blocks[chart.block];
  const { value: answer, loading, problem } = useCell(request);
  const shown = useCell(model.shown);
  const drawing = useMemo(() => chart.draw(answer?.points ?? [], choice), [chart, answer, choice]);
  const rows = useMemo(() => {
    if (!answer || !drawing || !shown) return { times: [], columns: drawing?.spec.series.map(() => []) ?? [] };
    const spacing = { ...spacingOf(answer.interval, shown.resolution), ...answer.span };
    return rowsWithGaps(drawing.points, drawing.spec.series.length, spacing);
  }, [answer, drawing, shown]);
  if (!drawing) return null;
  const empty = answer !== null && !loading && rows.times.length === 0;
  // The axis moves at once; what is known already shows there until the answer comes.
  const span = shown?.span ?? { fromMs: 0, toMs: 1000 };
  return (
    <div class="history-cell" data-wide={chart.wide} aria-busy={loading}>
      <Panel id={chart.id} title={chart.title} level={3} aside={drawing.note && <Note text={drawing.note} />}>
        <StableChart
          key={drawing.key}
          title={chart.title}
          spec={drawing.spec}
          frame={{ ...rows, from: span.fromMs / 1000, to: span.toMs / 1000 }}
          zoom={zoom}
        >
          {problem !== null && !loading ? (
            <p class="plot-problem" role="alert">
              {problem}{' '}
              <button type="button" class="text-button" onClick={() => model.loader.retry(chart.block)}>
                {text.retry}
              </button>
            </p>
          ) : (
            empty && <p>{text.nothing}</p>
          )}
        </StableChart>
      </Panel>
    </div>
  );
}

function Note({ text: note }: { text: string }) {
  return <span class="panel-note">{note}</span>;
}

type StableChartProps = Pick<Parameters<typeof Chart>[0], 'title' | 'spec' | 'children'> &
  Required<Pick<Parameters<typeof Chart>[0], 'zoom'>> & { frame: Parameters<typeof useFrameSource>[0] };

/** Keeps the first spec it gets; its key changes when another one is needed. */
function StableChart({ spec, frame, ...rest }: StableChartProps) {
  const first = useRef<ChartSpec>(spec);
  const source = useFrameSource(frame);
  return <Chart {...rest} spec={first.current} source={source} style={STYLE} />;
}
