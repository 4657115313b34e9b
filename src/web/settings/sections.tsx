import { Panel } from '../ui/panel.tsx';
import { parseDraft } from './fields.ts';
import type { FormContext } from './form-fields.tsx';
import { IntervalField, SwitchField, TypedField } from './form-fields.tsx';
import { rateOf, scheduleOf } from './hints.ts';
import { settingsMessages } from './messages.ts';
import type { Settings } from './settings.ts';

const text = settingsMessages;

export function SamplingSection({ context }: { context: FormContext }) {
  const { sampling_interval_seconds: seconds } = parseDraft(context.draft).settings;
  return (
    <Panel id="sampling" title={text.sections.sampling}>
      <div class="field-pair">
        <TypedField name="sampling_interval_seconds" context={context} hint={rateOf(seconds)} />
      </div>
    </Panel>
  );
}

export function PerfSection({ context }: { context: FormContext }) {
  const { perf_events_interval_ms: ms } = parseDraft(context.draft).settings;
  return (
    <Panel id="perf-events" title={text.sections.perf}>
      <SwitchField name="perf_events_enabled" context={context} />
      <div class="field-pair">
        <TypedField name="perf_events_cpu_cores" context={context} hint={text.hints.cpus} />
        <TypedField
          name="perf_events_interval_ms"
          context={context}
          hint={rateOf(ms === undefined ? undefined : ms / 1_000)}
        />
      </div>
    </Panel>
  );
}

export function RetentionSection({ context }: { context: FormContext }) {
  const { next } = context.outlook;
  return (
    <Panel id="retention" title={text.sections.retention}>
      {next && <LifeOfASample settings={next} />}
      <div class="field-pair">
        <TypedField name="downsample_after_days" context={context} />
        <IntervalField context={context} />
      </div>
      <div class="field-pair">
        <TypedField name="retention_days" context={context} />
      </div>
      <SwitchField name="archive_enabled" context={context} hint={text.hints.archive} />
    </Panel>
  );
}

export function CleanUpSection({ context }: { context: FormContext }) {
  const { cleanup_interval_minutes: minutes } = parseDraft(context.draft).settings;
  return (
    <Panel id="schedule" title={text.sections.cleanUp}>
      <SwitchField name="cleanup_enabled" context={context} />
      <div class="field-pair">
        <TypedField name="cleanup_interval_minutes" context={context} hint={scheduleOf(minutes)} />
      </div>
    </Panel>
  );
}

/** A bar from "as sampled" over "condensed" to "gone", each as long as it lasts. */
function LifeOfASample({ settings }: { settings: Settings }) {
  const { downsample_after_days: rawDays, retention_days: keptDays, downsample_interval: interval } = settings;
  const { life } = text;
  return (
    <ol class="life" aria-label={life.label} data-testid="life">
      <li class="life-raw" style={{ flexGrow: rawDays }}>
        <strong>{life.raw.title}</strong>
        <span>{life.raw.text(rawDays)}</span>
      </li>
      {keptDays > rawDays && (
        <li class="life-condensed" style={{ flexGrow: keptDays - rawDays }}>
          <strong>{life.condensed.title(interval)}</strong>
          <span>{life.condensed.text(keptDays)}</span>
        </li>
      )}
      <li class="life-gone" data-archived={settings.archive_enabled}>
        <strong>{settings.archive_enabled ? life.gone.archived : life.gone.deleted}</strong>
      </li>
    </ol>
  );
}
