import { useApp } from '../app-context.ts';
import { bytes } from '../lib/format.ts';
import { useCell } from '../lib/hooks.ts';
import { Dialog } from '../ui/dialog.tsx';
import { settingsMessages } from './messages.ts';
import { dayText } from './moments.ts';
import type { Settings } from './settings.ts';
import type { CleanUpResult, CleanUpStatus, Preview, SettingsApi } from './settings-api.ts';
import { usePreview } from './use-preview.ts';

const text = settingsMessages.cleanUp;
const IN_FORCE = {};

/** What a clean-up did: `12,345 rows deleted, 12,345 rows archived (4 archive files, 1.20 MiB)` */
export function outcomeOf(run: Omit<CleanUpResult, 'duration_ms'>): string {
  const counts = { condensed: run.downsampled_count, deleted: run.deleted_count, archived: run.archived_count };
  const files = run.archive_files > 0 ? text.archived(run.archive_files, bytes(run.archive_bytes)) : '';
  return text.outcome(counts) + files;
}

export function CleanUpProgress({ progress }: { progress: CleanUpStatus['progress'] }) {
  const zone = useCell(useApp().zone);
  if (!progress) return <progress aria-label={text.progress} />;
  const { table, day, tables_done: done, tables_total: total } = progress;
  return (
    <div class="clean-up-progress" data-testid="clean-up-progress">
      <progress aria-label={text.progress} value={done} max={Math.max(1, total)} />
      <p class="field-hint">
        {table && <span>{text.step(table, day && dayText(day, zone))} · </span>}
        {text.tables(done, total)}
        <br />
        {text.soFar(progress.downsampled_count, progress.deleted_count)}
      </p>
    </div>
  );
}

interface CleanUpDialogProps {
  api: SettingsApi;
  settings: Settings;
  unsaved: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Says what a clean-up will do before it is started. */
export function CleanUpDialog({ api, settings, unsaved, onConfirm, onCancel }: CleanUpDialogProps) {
  const zone = useCell(useApp().zone);
  const preview = usePreview(api, IN_FORCE);
  const { title, confirm, cancel } = text.confirm;
  const sentences = preview.value ? plannedOf(preview.value, settings, (iso) => dayText(iso, zone)) : [];
  const consequences = settingsMessages.consequences;
  return (
    <Dialog
      {...{ title, confirm, cancel, onConfirm, onCancel }}
      testId="confirm-clean-up"
      grave={(preview.value?.delete_count ?? 0) > 0}
      ready={!preview.loading}
    >
      <ul class="consequences" data-testid="clean-up-plan">
        {preview.loading && <li>{consequences.loading}</li>}
        {preview.problem && <li>{consequences.failed(preview.problem)}</li>}
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {unsaved && <li>{text.confirm.unsaved}</li>}
      </ul>
    </Dialog>
  );
}

function plannedOf(preview: Preview, settings: Settings, dateOf: (iso: string) => string): string[] {
  const { delete_count: deleted, downsample_count: condensed } = preview;
  const say = text.confirm;
  if (deleted === 0 && condensed === 0) return [say.nothing];
  return [
    ...(deleted > 0 ? [say.deleted(deleted, dateOf(preview.delete_before), preview.archive_enabled)] : []),
    ...(condensed > 0
      ? [say.condensed(condensed, dateOf(preview.downsample_before), settings.downsample_interval)]
      : []),
  ];
}
