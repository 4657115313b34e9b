import { useState } from 'preact/hooks';
import type { BlockName } from '../history/blocks.ts';
import { BLOCK_NAMES } from '../history/blocks.ts';
import { messages } from '../messages.ts';
import { Icon } from '../ui/icon.tsx';
import { Popover } from '../ui/popover.tsx';
import { Segments } from '../ui/segments.tsx';
import { ToolButton } from '../ui/tool-button.tsx';
import { ZoneButton } from '../ui/zone-button.tsx';
import { PeriodsForm } from './periods-form.tsx';
import type { Against, CompareQuery, Period } from './query.ts';
import { AGAINST, isCustom, PERIODS } from './query.ts';

const text = messages.compare;

interface CompareToolbarProps {
  query: CompareQuery;
  change(changes: Partial<CompareQuery>): void;
  refresh(): void;
}

/** What is compared, and which periods. */
export function CompareToolbar({ query, change, refresh }: CompareToolbarProps) {
  const { periods } = query;
  const relative = isCustom(periods) ? null : periods;
  const chosen = { period: relative?.period ?? 'hour', against: relative?.against ?? 'yesterday' } as const;
  const [open, setOpen] = useState(false);
  return (
    <div class="history-toolbar">
      <Segments<BlockName>
        label={text.what}
        options={BLOCK_NAMES.map((name) => ({ value: name, text: text.types[name] }))}
        value={query.block}
        onChange={(block) => change({ block })}
      />
      <Segments<Period>
        label={text.period}
        options={PERIODS.map((period) => ({
          value: period,
          text: text.periods[period],
          label: text.periodLong[period],
        }))}
        value={relative?.period ?? null}
        onChange={(period) => change({ periods: { ...chosen, period } })}
      />
      <Segments<Against>
        label={text.against}
        options={AGAINST.map((against) => ({ value: against, text: text.againsts[against] }))}
        value={relative?.against ?? null}
        onChange={(against) => change({ periods: { ...chosen, against } })}
      />
      <div class="tool-group" data-chosen={relative === null}>
        <Popover
          open={open}
          setOpen={setOpen}
          title={text.customLong}
          button={
            <>
              <Icon name="calendar" />
              {text.custom}
            </>
          }
        >
          <PeriodsForm
            periods={isCustom(periods) ? periods : null}
            onApply={(custom) => {
              setOpen(false);
              change({ periods: custom });
            }}
          />
        </Popover>
        <ToolButton icon="refresh" label={messages.history.refresh} onClick={refresh} />
        <ZoneButton />
      </div>
    </div>
  );
}
