import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { useCell } from '../lib/hooks.ts';
import { Clock } from '../live/toolbar.tsx';
import { CleanUp } from './clean-up.ts';
import { previewOf } from './consequences.ts';
import { outlookOf, SettingsForm } from './form.ts';
import { settingsMessages } from './messages.ts';
import { PasswordPanel } from './password.tsx';
import { SaveBar } from './save-bar.tsx';
import { CleanUpSection, PerfSection, RetentionSection, SamplingSection } from './sections.tsx';
import { SettingsApi } from './settings-api.ts';
import { StoredData } from './stored-data.tsx';
import { usePreview } from './use-preview.ts';

const text = settingsMessages;

/** What this host samples and keeps, and the own password. */
export function SettingsView() {
  const { api } = useApp();
  const [settingsApi] = useState(() => new SettingsApi(api));
  const [form] = useState(() => new SettingsForm(settingsApi));
  const [username, setUsername] = useState('');
  const state = useCell(form.state);
  useEffect(() => {
    void form.load();
    // Only for password managers: without an answer they ask for the name themselves.
    settingsApi.me().then(
      (user) => setUsername(user.username),
      () => undefined,
    );
  }, [form, settingsApi]);
  return (
    <div class="settings">
      <header class="view-header">
        <h1>{text.title}</h1>
        <div class="toolbar">
          <a class="tool tool-link" href="/api/docs" target="_blank" rel="noreferrer">
            {text.apiDocs}
          </a>
          <Clock />
        </div>
      </header>
      {state.name === 'loading' && <p class="empty">{text.loading}</p>}
      {state.name === 'failed' && (
        <div class="view-problem" role="alert">
          <p>{state.reason}</p>
          <button type="button" class="plain-button" onClick={() => void form.load()}>
            {text.retry}
          </button>
        </div>
      )}
      {state.name === 'loaded' && <LoadedSettings api={settingsApi} form={form} loaded={state} username={username} />}
      {state.name === 'failed' && (
        <div class="settings-columns">
          <PasswordPanel api={settingsApi} username={username} />
        </div>
      )}
    </div>
  );
}

interface LoadedProps {
  api: SettingsApi;
  form: SettingsForm;
  loaded: Extract<SettingsForm['state']['value'], { name: 'loaded' }>;
  username: string;
}

function LoadedSettings({ api, form, loaded, username }: LoadedProps) {
  const { saved, draft, version, mayChange } = loaded;
  const [cleanUp] = useState(() => new CleanUp(api));
  // Anew with each save: the next clean-up may have moved.
  useLayoutEffect(() => {
    cleanUp.watch();
    return () => cleanUp.stop();
  }, [cleanUp, saved]);
  const notice = useCell(form.notice);
  const outlook = outlookOf(loaded);
  const query = outlook.next && previewOf(saved, outlook.next);
  const preview = usePreview(api, query);
  const context = { form, draft, outlook, mayChange };
  return (
    <>
      {!mayChange && <p class="view-note">{text.readOnly}</p>}
      <div class="settings-columns">
        <div class="settings-column">
          <SamplingSection context={context} />
          <PerfSection context={context} />
          <RetentionSection context={context} />
          <CleanUpSection context={context} />
        </div>
        <div class="settings-column">
          <StoredData {...{ api, cleanUp, saved, version, mayChange }} unsaved={outlook.changed.length > 0} />
          <PasswordPanel api={api} username={username} />
        </div>
      </div>
      <div class="settings-foot">
        <p role="status" class="save-notice" data-kind={notice?.kind} data-testid="save-notice">
          {notice?.text}
        </p>
        <SaveBar context={context} saved={saved} preview={query && preview} />
      </div>
    </>
  );
}
