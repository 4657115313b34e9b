import { useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { bytes } from '../lib/format.ts';
import { useCell } from '../lib/hooks.ts';
import { Panel } from '../ui/panel.tsx';
import type { CleanUp } from './clean-up.ts';
import { CleanUpDialog, CleanUpProgress, outcomeOf } from './clean-up-parts.tsx';
import { settingsMessages } from './messages.ts';
import { momentText } from './moments.ts';
import type { Settings } from './settings.ts';
import type { SettingsApi } from './settings-api.ts';

const text = settingsMessages;
const BYTES_PER_MIB = 2 ** 20;

interface StoredDataProps {
  api: SettingsApi;
  cleanUp: CleanUp;
  saved: Settings;
  version: string;
  mayChange: boolean;
  /** Whether there are changes that a clean-up would not go by. */
  unsaved: boolean;
}

/** What is stored, and the clean-up: the last, the next, the one that runs. */
export function StoredData({ api, cleanUp, saved, version, mayChange, unsaved }: StoredDataProps) {
  const zone = useCell(useApp().zone);
  const stored = useCell(cleanUp.stored);
  const status = useCell(cleanUp.status);
  const started = useCell(cleanUp.started);
  const [asking, setAsking] = useState(false);
  const at = (iso: string | null | undefined) => (iso ? momentText(iso, zone) : text.stored.none);
  const { last_run: lastRun, next_run: nextRun, running = false, progress = null } = status.value ?? {};
  const busy = running || started;
  const problem = stored.problem ?? status.problem;
  const sizeMb = stored.value?.current_data_size_mb;
  return (
    <Panel id="stored" title={text.sections.stored}>
      <dl class="facts">
        <Fact label={text.stored.size} value={bytes(sizeMb === undefined ? null : sizeMb * BYTES_PER_MIB)} id="size" />
        <Fact label={text.stored.version} value={version} id="version" />
        <Fact label={text.stored.oldest} value={stored.value ? at(stored.value.oldest_record) : '–'} id="oldest" wide />
        <Fact label={text.stored.newest} value={stored.value ? at(stored.value.newest_record) : '–'} id="newest" wide />
        <Fact label={text.stored.lastRun} value={status.value ? at(lastRun?.finished_at) : '–'} id="last-run" wide>
          {lastRun && <p class="field-hint">{outcomeOf(lastRun)}</p>}
          {lastRun?.problem && <p class="field-problem">{text.cleanUp.problem(lastRun.problem)}</p>}
        </Fact>
        <Fact
          label={text.stored.nextRun}
          value={status.value ? (nextRun ? at(nextRun) : text.stored.never) : '–'}
          id="next-run"
          wide
        />
      </dl>
      {problem && <p class="field-problem">{text.stored.unavailable(problem)}</p>}
      {busy && <CleanUpProgress progress={progress} />}
      <Outcome cleanUp={cleanUp} />
      {mayChange && (
        <button
          type="button"
          class="plain-button"
          aria-disabled={busy}
          data-testid="clean-up"
          onClick={() => !busy && setAsking(true)}
        >
          {busy ? text.cleanUp.running : text.cleanUp.start}
        </button>
      )}
      {asking && (
        <CleanUpDialog
          api={api}
          settings={saved}
          unsaved={unsaved}
          onConfirm={() => {
            setAsking(false);
            void cleanUp.start();
          }}
          onCancel={() => setAsking(false)}
        />
      )}
    </Panel>
  );
}

interface FactProps {
  label: string;
  value: string;
  id: string;
  wide?: boolean;
  children?: preact.ComponentChildren;
}

function Fact({ label, value, id, wide = false, children }: FactProps) {
  return (
    <div class={wide ? 'wide' : undefined}>
      <dt>{label}</dt>
      <dd>
        <span data-testid={`stored-${id}`}>{value}</span>
        {children}
      </dd>
    </div>
  );
}

function Outcome({ cleanUp }: { cleanUp: CleanUp }) {
  const outcome = useCell(cleanUp.outcome);
  return (
    <div role="status" class="outcome" data-testid="clean-up-outcome">
      {outcome && 'problem' in outcome && <p class="field-problem">{text.cleanUp.failed(outcome.problem)}</p>}
      {outcome && 'result' in outcome && (
        <p class="good-news">{text.cleanUp.done(outcomeOf(outcome.result), secondsText(outcome.result.duration_ms))}</p>
      )}
    </div>
  );
}

function secondsText(durationMs: number): string {
  const seconds = durationMs / 1_000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}
