import { percentScale } from '../../chart/axes.ts';
import type { ChartSpec } from '../../chart/options.ts';
import { percent } from '../../lib/format.ts';
import { messages } from '../../messages.ts';
import { Panel } from '../../ui/panel.tsx';
import { LiveChart } from '../chart.tsx';
import { useFeed } from '../feed-context.ts';

const text = messages.cpu;

/** Drawn alike in the history. */
export const CPU_SPEC: ChartSpec = {
  id: 'cpu',
  stacked: true,
  series: [
    { id: 'user', label: text.user, colour: 1, filled: true },
    { id: 'system', label: text.system, colour: 2, filled: true },
    { id: 'other', label: text.other, hint: text.otherHint, colour: 3, filled: true },
    { id: 'iowait', label: text.iowait, colour: 4, filled: true },
  ],
  format: percent,
  axisFormat: (value) => `${value}%`,
  scale: percentScale,
};

export function CpuPanel() {
  const { points } = useFeed();
  return (
    <Panel id="cpu" title={text.title}>
      <LiveChart title={text.title} spec={CPU_SPEC} points={points.cpu} />
    </Panel>
  );
}
