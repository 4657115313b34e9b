import { settingsMessages } from './messages.ts';
import type { Settings } from './settings.ts';
import type { Preview, PreviewQuery } from './settings-api.ts';

const text = settingsMessages.consequences;

/** Whether saving `next` gives up data that `saved` would keep, so that it needs a preview and a confirmation. */
export function givesUpData(saved: Settings, next: Settings): boolean {
  return (
    next.retention_days < saved.retention_days ||
    next.downsample_after_days < saved.downsample_after_days ||
    (saved.archive_enabled && !next.archive_enabled) ||
    (!saved.cleanup_enabled && next.cleanup_enabled)
  );
}

/** What to ask the daemon before `next` may be saved; null when nothing is given up by it. */
export function previewOf(saved: Settings, next: Settings): Required<PreviewQuery> | null {
  if (!givesUpData(saved, next)) return null;
  return { retention_days: next.retention_days, downsample_after_days: next.downsample_after_days };
}

/** In words, what a clean-up under `next` does to what is stored, as the daemon counted it. */
export function lossesOf(next: Settings, preview: Preview, dateOf: (iso: string) => string): string[] {
  const sentences = [];
  const deletes = preview.delete_count > 0;
  if (deletes) sentences.push(text.deleted(preview.delete_count, dateOf(preview.delete_before), next.archive_enabled));
  if (preview.downsample_count > 0) {
    const say = deletes ? text.condensed : text.condensedAlone;
    sentences.push(say(preview.downsample_count, dateOf(preview.downsample_before), next.downsample_interval));
  }
  return sentences.length > 0 ? sentences : [text.nothing];
}

/** What else is to know about going from `saved` to `next`, which needs no counting. */
export function notesOf(saved: Settings, next: Settings): string[] {
  const notes = [];
  if (saved.archive_enabled && !next.archive_enabled) notes.push(text.archiveOff);
  if (givesUpData(saved, next) && !next.cleanup_enabled) notes.push(text.switchedOff);
  if (next.retention_days > saved.retention_days) notes.push(text.keptLonger);
  if (next.downsample_after_days > saved.downsample_after_days) notes.push(text.condensedLater);
  if (next.downsample_interval !== saved.downsample_interval) notes.push(text.otherInterval);
  return notes;
}
