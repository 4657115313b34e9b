import { ApiError } from '../lib/api.ts';
import { Cell } from '../lib/cell.ts';
import type { Draft, Problems } from './fields.ts';
import { changedNames, draftOf, parseDraft, RETENTION_NAMES, SETTING_NAMES } from './fields.ts';
import { settingsMessages } from './messages.ts';
import type { SettingName, Settings } from './settings.ts';
import type { SettingsApi } from './settings-api.ts';

const text = settingsMessages.save;

/** What the person is told after an attempt to save. */
export interface Notice {
  kind: 'done' | 'problem';
  text: string;
}

interface Loaded {
  /** In force when they were last read. */
  saved: Settings;
  draft: Draft;
  version: string;
  mayChange: boolean;
  /** What the daemon said about a field, until that field is typed into. */
  refusals: Problems;
}

type FormState = { name: 'loading' } | { name: 'failed'; reason: string } | ({ name: 'loaded' } & Loaded);

export interface Outlook {
  changed: readonly SettingName[];
  problems: Problems;
  /** What would be in force after a save; null while a field stands for nothing. */
  next: Settings | null;
}

/** What the inputs of loaded settings amount to. */
export function outlookOf({ saved, draft, refusals }: Loaded): Outlook {
  const { settings, problems } = parseDraft(draft);
  const all = { ...refusals, ...problems };
  const valid = Object.keys(problems).length === 0;
  return { changed: changedNames(saved, draft), problems: all, next: valid ? { ...saved, ...settings } : null };
}

/** The settings as they are, as the person wants them, and the way between. */
export class SettingsForm {
  readonly state = new Cell<FormState>({ name: 'loading' });
  readonly saving = new Cell(false);
  readonly notice = new Cell<Notice | null>(null);
  readonly #api: SettingsApi;

  constructor(api: SettingsApi) {
    this.#api = api;
  }

  async load(): Promise<void> {
    this.state.set({ name: 'loading' });
    try {
      const [{ settings, version }, { is_admin: mayChange }] = await Promise.all([
        this.#api.settings(),
        this.#api.me(),
      ]);
      this.state.set({ name: 'loaded', saved: settings, draft: draftOf(settings), version, mayChange, refusals: {} });
    } catch (error) {
      this.state.set({ name: 'failed', reason: reasonOf(error) });
    }
  }

  type<Name extends SettingName>(name: Name, value: Draft[Name]): void {
    this.notice.set(null);
    this.#update(({ draft, refusals: { [name]: _obsolete, ...refusals } }) => ({
      draft: { ...draft, [name]: value },
      refusals,
    }));
  }

  discard(): void {
    this.notice.set(null);
    this.#update(({ saved }) => ({ draft: draftOf(saved), refusals: {} }));
  }

  /** Sends what was changed, then reads what is in force. What is refused stays in its field. */
  async save(): Promise<void> {
    const before = this.state.value;
    if (before.name !== 'loaded' || this.saving.value) return;
    const { changed, next } = outlookOf(before);
    if (!next || changed.length === 0) return;
    this.saving.set(true);
    this.notice.set(null);
    try {
      await this.#send(changed, next);
      await this.#readBack(before.saved, next);
    } catch (error) {
      await this.#showRefusal(error);
    } finally {
      this.saving.set(false);
    }
  }

  async #send(changed: readonly SettingName[], next: Settings): Promise<void> {
    const part = (ofRetention: boolean) => {
      const names = changed.filter((name) => RETENTION_NAMES.has(name) === ofRetention);
      return names.length > 0 ? Object.fromEntries(names.map((name) => [name, next[name]])) : null;
    };
    const [retention, config] = [part(true), part(false)];
    // What may be refused for a contradiction goes first, so that nothing is saved when it is.
    if (retention) await this.#api.updateRetention(retention);
    if (config) await this.#api.updateConfig(config);
  }

  async #readBack(previous: Settings, wanted: Settings): Promise<void> {
    const { settings, version } = await this.#api.settings();
    const changedByOthers = SETTING_NAMES.filter(
      (name) => settings[name] !== wanted[name] && previous[name] !== settings[name],
    );
    this.#update(() => ({ saved: settings, draft: draftOf(settings), version, refusals: {} }));
    const labels = changedByOthers.map((name) => settingsMessages.fields[name].label).join(', ');
    this.notice.set({ kind: 'done', text: labels ? `${text.saved} ${text.others(labels)}` : text.saved });
  }

  async #showRefusal(error: unknown): Promise<void> {
    const reason = reasonOf(error);
    if (error instanceof ApiError && error.status === 403) {
      this.#update(({ saved }) => ({ mayChange: false, draft: draftOf(saved) }));
      this.notice.set({ kind: 'problem', text: text.forbidden });
      return;
    }
    const field = error instanceof ApiError && error.status === 400 ? fieldOf(reason) : null;
    if (field) this.#update(({ refusals }) => ({ refusals: { ...refusals, [field.name]: field.problem } }));
    else this.notice.set({ kind: 'problem', text: reason });
    // The other route may have taken its part, or somebody else have changed something: only what differs is still to be saved.
    const inForce = await this.#api.settings().catch(() => null);
    if (inForce) this.#update(() => ({ saved: inForce.settings }));
  }

  #update(change: (loaded: Loaded) => Partial<Loaded>): void {
    const state = this.state.value;
    if (state.name === 'loaded') this.state.set({ ...state, ...change(state) });
  }
}

/** `retention_days: must be …` → the field and a sentence to put beside it; null when no field of ours is named. */
function fieldOf(detail: string): { name: SettingName; problem: string } | null {
  const [, field, words = ''] = /^([a-z_]+): (.+)$/s.exec(detail) ?? [];
  const name = SETTING_NAMES.find((known) => known === field);
  return name ? { name, problem: `${words.charAt(0).toUpperCase()}${words.slice(1)}.` } : null;
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  throw error;
}
