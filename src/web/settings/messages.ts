import type { Interval, SettingName } from './settings.ts';

const wholeNumber = new Intl.NumberFormat('en');
const grouped = (value: number) => wholeNumber.format(value);
const rows = (value: number) => `${grouped(value)} ${value === 1 ? 'row' : 'rows'}`;
const days = (value: number) => `${grouped(value)} ${value === 1 ? 'day' : 'days'}`;
const PER: Record<Interval, string> = { '5s': '5 seconds', '1m': 'minute', '5m': '5 minutes', '1h': 'hour' };

/** Texts of the settings view. */
export const settingsMessages = {
  title: 'Settings',
  loading: 'Loading the settings…',
  retry: 'Try again',
  apiDocs: 'API documentation',
  readOnly: 'You can see these settings. Only an administrator of this server can change them.',

  sections: {
    sampling: 'Sampling',
    perf: 'Hardware counters',
    retention: 'How long data is kept',
    cleanUp: 'Clean-up',
    stored: 'Stored data',
    password: 'Your password',
  },

  fields: {
    sampling_interval_seconds: { label: 'Sampling interval', unit: 'seconds' },
    perf_events_enabled: { label: 'Count perf events', unit: '' },
    perf_events_cpu_cores: { label: 'CPUs', unit: '' },
    perf_events_interval_ms: { label: 'Reading interval', unit: 'ms' },
    retention_days: { label: 'Keep data for', unit: 'days' },
    archive_enabled: { label: 'Archive before deleting', unit: '' },
    downsample_after_days: { label: 'Condense after', unit: 'days' },
    downsample_interval: { label: 'Condense into one value per', unit: '' },
    cleanup_enabled: { label: 'Clean up by itself', unit: '' },
    cleanup_interval_minutes: { label: 'Every', unit: 'minutes' },
  } satisfies Record<SettingName, { label: string; unit: string }>,

  hints: {
    cpus: '“all”, or a list such as 0-3,5',
    archive: 'Rows are written to Parquet files under the data folder’s archive/ before they go',
    schedule: (text: string) => `${text}, counted from 03:00 UTC`,
    rate: (value: string, span: 'second' | 'minute' | 'hour') =>
      `${value} ${value === '1' ? 'reading' : 'readings'} ${span === 'hour' ? 'an' : 'a'} ${span}`,
    once: (span: string) => `Once ${span}`,
    spans: { day: 'a day', hour: 'an hour', minute: 'a minute', week: 'a week' },
    everyDays: (value: number) => `Every ${days(value)}`,
    everyHours: (value: number) => `Every ${grouped(value)} hours`,
    everyMinutes: (value: number) => `Every ${grouped(value)} minutes`,
  },

  problems: {
    number: (minimum: number, maximum: number, decimals: number) =>
      `Must be ${decimals === 0 ? 'a whole number' : 'a number'} from ${minimum} to ${grouped(maximum)}${
        decimals === 0 ? '' : `, with at most ${decimals} decimals`
      }.`,
    cpus: 'Must be “all” or a list of CPUs such as 0-3,5.',
    condensedAfterDeletion: (keptDays: number) => `Must not be more than the ${days(keptDays)} that data is kept.`,
  },

  interval: (interval: Interval) => PER[interval],

  life: {
    label: 'What becomes of a sample',
    raw: { title: 'As sampled', text: (value: number) => `first ${days(value)}` },
    condensed: {
      title: (interval: Interval) => `One value per ${PER[interval]}`,
      text: (to: number) => `until day ${grouped(to)}`,
    },
    gone: { archived: 'Archived, then deleted', deleted: 'Deleted for good' },
  },

  consequences: {
    loading: 'Asking the daemon what this will do…',
    failed: (reason: string) => `The daemon cannot say what this will do: ${reason}`,
    nothing: 'The next clean-up finds nothing yet that this applies to.',
    deleted: (count: number, before: string, archived: boolean) =>
      archived
        ? `The next clean-up will delete ${rows(count)} from before ${before} (they are written to the archive first).`
        : `The next clean-up will delete ${rows(count)} from before ${before} for good: the archive is off.`,
    condensed: (count: number, before: string, interval: Interval) =>
      `It will condense ${rows(count)} from before ${before} into one value per ${PER[interval]}.`,
    condensedAlone: (count: number, before: string, interval: Interval) =>
      `The next clean-up will condense ${rows(count)} from before ${before} into one value per ${PER[interval]}.`,
    archiveOff: 'From now on, what a clean-up deletes is gone for good.',
    switchedOff: 'The clean-up does not run by itself: this happens when somebody starts one.',
    keptLonger: 'What is gone stays gone: the longer time fills up from now on.',
    condensedLater: 'What is condensed stays condensed: more samples are kept from now on.',
    otherInterval: 'What is condensed already keeps its interval.',
  },

  save: {
    bar: 'Unsaved changes',
    changed: (count: number) => (count === 1 ? '1 unsaved change' : `${count} unsaved changes`),
    invalid: (count: number) => (count === 1 ? '1 field needs a look' : `${count} fields need a look`),
    save: 'Save',
    saving: 'Saving…',
    discard: 'Discard',
    saved: 'Saved. The settings are in force.',
    others: (labels: string) => `Somebody else has changed meanwhile: ${labels}. Shown is what is in force.`,
    forbidden: 'You are not an administrator of this server: nothing was changed.',
  },

  confirmSave: { title: 'Save and give up data?', confirm: 'Save', cancel: 'Cancel' },
  confirmLeave: {
    title: 'Leave without saving?',
    text: (count: number) => (count === 1 ? 'Your change is lost then.' : `Your ${count} changes are lost then.`),
    confirm: 'Leave',
    cancel: 'Stay',
  },

  stored: {
    size: 'Size',
    oldest: 'Oldest record',
    newest: 'Newest record',
    lastRun: 'Last clean-up',
    nextRun: 'Next clean-up',
    version: 'Version',
    none: 'none yet',
    never: 'none: switched off',
    unavailable: (reason: string) => `What is stored is not known right now: ${reason}`,
  },

  cleanUp: {
    start: 'Clean up now',
    running: 'Cleaning up…',
    progress: 'Progress of the clean-up',
    step: (table: string, day: string | null) => (day ? `${table}, ${day}` : table),
    tables: (done: number, total: number) => `${grouped(done)} of ${grouped(total)} tables`,
    soFar: (condensed: number, deleted: number) => `${rows(condensed)} condensed and ${rows(deleted)} deleted so far`,
    confirm: {
      title: 'Clean up now?',
      nothing: 'There is nothing to delete or to condense right now.',
      deleted: (count: number, before: string, archived: boolean) =>
        archived
          ? `${rows(count)} from before ${before} will be deleted (they are written to the archive first).`
          : `${rows(count)} from before ${before} will be deleted for good: the archive is off.`,
      condensed: (count: number, before: string, interval: Interval) =>
        `${rows(count)} from before ${before} will be condensed into one value per ${PER[interval]}.`,
      unsaved: 'Your unsaved changes do not count: it goes by the settings in force.',
      confirm: 'Clean up',
      cancel: 'Cancel',
    },
    outcome: (counts: { condensed: number; deleted: number; archived: number }) =>
      counts.condensed + counts.deleted + counts.archived === 0
        ? 'nothing was due'
        : [
            counts.deleted > 0 ? `${rows(counts.deleted)} deleted` : '',
            counts.condensed > 0 ? `${rows(counts.condensed)} condensed` : '',
            counts.archived > 0 ? `${rows(counts.archived)} archived` : '',
          ]
            .filter(Boolean)
            .join(', '),
    archived: (files: number, size: string) =>
      ` (${grouped(files)} archive ${files === 1 ? 'file' : 'files'}, ${size})`,
    done: (outcome: string, seconds: string) => `Done in ${seconds}: ${outcome}.`,
    failed: (reason: string) => `The clean-up did not finish: ${reason}`,
    problem: (text: string) => `It had a problem: ${text}`,
  },

  password: {
    current: 'Current password',
    next: 'New password',
    repeat: 'New password again',
    submit: 'Change password',
    submitting: 'Changing…',
    changed: 'Your password is changed. Every other session of yours has ended.',
    different: 'The two entries differ.',
    missing: 'Must not be empty.',
    throttled: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
  },
};
