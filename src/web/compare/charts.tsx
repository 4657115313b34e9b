import { useMemo } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import type { ChartStyle } from '../chart/chart.tsx';
import { Chart } from '../chart/chart.tsx';
import type { ChartSpec } from '../chart/options.ts';
import { useFrameSource } from '../chart/source.ts';
import { offsetAxis } from '../chart/time-axis.ts';
import type { Block, BlockName } from '../history/blocks.ts';
import type { Interval, Resolution } from '../history/interval.ts';
import { storedSpacing } from '../history/interval.ts';
import type { BlockPoint } from '../history/loader.ts';
import { shortMoment } from '../lib/dates.ts';
import { useFeed } from '../live/feed-context.ts';
import { messages } from '../messages.ts';
import { Panel } from '../ui/panel.tsx';
import type { CompareFigure } from './figures.ts';
import { COMPARE_FIGURES } from './figures.ts';
import type { Comparison } from './overlay.ts';
import { offsetPoints, overlay } from './overlay.ts';

const text = messages.compare;

interface CompareChartsProps {
  block: BlockName;
  answer: Comparison | null;
  resolution: Resolution | null;
}

/** One chart for each figure of a block; figures that neither period has are left out once that is known. */
export function CompareCharts({ block, answer, resolution }: CompareChartsProps) {
  const points = useMemo(
    () =>
      answer && {
        current: offsetPoints(answer.current) as BlockPoint<Block>[],
        comparison: offsetPoints(answer.comparison) as BlockPoint<Block>[],
      },
    [answer],
  );
  const all = COMPARE_FIGURES[block];
  const known = all.filter(({ of }) =>
    points ? [...points.current, ...points.comparison].some(({ data }) => typeof of(data) === 'number') : true,
  );
  if (answer && known.length === 0) return <p class="compare-nothing">{text.nothing}</p>;
  return (
    <div class="history-grid">
      {known.map((figure, index) => (
        <div key={`${block} ${figure.id}`} class="history-cell" data-wide={index === 0}>
          <Panel id={`compare-${figure.id}`} title={figure.title}>
            <CompareChart figure={figure} answer={answer} points={points} resolution={resolution} />
          </Panel>
        </div>
      ))}
    </div>
  );
}

interface CompareChartProps {
  figure: CompareFigure;
  answer: Comparison | null;
  points: { current: BlockPoint<Block>[]; comparison: BlockPoint<Block>[] } | null;
  resolution: Resolution | null;
}

function CompareChart({ figure, answer, points, resolution }: CompareChartProps) {
  const { zone } = useApp();
  const { timeline } = useFeed();
  const spec = useMemo<ChartSpec>(
    () => ({
      id: figure.id,
      stacked: false,
      series: [
        { id: 'current', label: text.currentLegend, colour: 1, filled: true },
        { id: 'comparison', label: text.comparisonLegend, colour: 'muted', filled: false, dashed: true },
      ],
      ...figure.axis,
    }),
    [figure],
  );
  const startMs = Date.parse(answer?.current.start_time ?? '');
  const beforeMs = Date.parse(answer?.comparison.start_time ?? '');
  const lengthMs = answer ? Date.parse(answer.current.end_time) - startMs : 1000;
  const rows = useMemo(() => {
    if (!answer || !points || !resolution) return { times: [], columns: [[], []] };
    const nowMs = timeline.hostNowMs();
    const period = (name: 'current' | 'comparison') => ({
      points: points[name],
      spacing: storedSpacing(
        answer.interval as Interval,
        Date.parse(answer[name].start_time),
        points[name].map(({ timeMs }) => timeMs),
        resolution,
        nowMs,
      ),
    });
    return overlay(period('current'), period('comparison'), figure.of, lengthMs);
  }, [answer, points, figure, resolution, lengthMs, timeline]);
  const source = useFrameSource({ ...rows, from: 0, to: lengthMs / 1000 });
  const style: ChartStyle = {
    sync: 'compare',
    axis: offsetAxis,
    idle: 'average',
    moment: (offset) => {
      const at = (fromMs: number) => shortMoment(fromMs + offset * 1000, zone.value);
      return text.pair(at(startMs), at(beforeMs));
    },
  };
  return <Chart title={figure.title} spec={spec} source={source} style={style} />;
}
