import { useLayoutEffect, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { useCell } from '../lib/hooks.ts';
import type { RequestState } from '../lib/request.ts';
import { Dialog } from '../ui/dialog.tsx';
import { lossesOf, notesOf } from './consequences.ts';
import type { FormContext } from './form-fields.tsx';
import { LeaveWarning } from './leave-warning.tsx';
import { settingsMessages } from './messages.ts';
import { dayText } from './moments.ts';
import type { Settings } from './settings.ts';
import type { Preview } from './settings-api.ts';

const text = settingsMessages;

interface SaveBarProps {
  context: FormContext;
  saved: Settings;
  /** What the change would do; null when nothing is given up by it. */
  preview: RequestState<Preview> | null;
}

/** What is not saved yet, what saving it will do, and the buttons. */
export function SaveBar({ context, saved, preview }: SaveBarProps) {
  const { form, outlook } = context;
  const saving = useCell(form.saving);
  const [asking, setAsking] = useState(false);
  const { changed, next, problems } = outlook;
  const faults = Object.keys(problems).length;
  const shown = changed.length > 0;
  const told = preview?.value;
  // The bar comes, and grows, while somebody types: their field stays in sight.
  useLayoutEffect(() => {
    if (shown || told) document.activeElement?.closest('.field')?.scrollIntoView({ block: 'nearest' });
  }, [shown, told]);
  if (!shown) return null;

  const save = () => {
    setAsking(false);
    void form.save();
  };
  return (
    <>
      <LeaveWarning changes={changed.length} />
      <section class="save-bar" aria-label={text.save.bar} data-testid="save-bar">
        <div class="save-text">
          <p class="save-count" role="status">
            {faults > 0 ? text.save.invalid(faults) : text.save.changed(changed.length)}
          </p>
          {next && <Consequences saved={saved} next={next} preview={preview} />}
        </div>
        <div class="save-buttons">
          <button type="button" class="plain-button" onClick={() => form.discard()}>
            {text.save.discard}
          </button>
          <button
            type="button"
            class="primary-button"
            aria-disabled={saving || !next}
            onClick={() => {
              if (saving || !next) return;
              if (preview) setAsking(true);
              else save();
            }}
          >
            {saving ? text.save.saving : text.save.save}
          </button>
        </div>
      </section>
      {asking && next && (
        <Dialog
          {...text.confirmSave}
          testId="confirm-save"
          grave
          ready={!preview?.loading}
          onConfirm={save}
          onCancel={() => setAsking(false)}
        >
          <Consequences saved={saved} next={next} preview={preview} />
        </Dialog>
      )}
    </>
  );
}

function Consequences(props: { saved: Settings; next: Settings; preview: RequestState<Preview> | null }) {
  const { saved, next, preview } = props;
  const zone = useCell(useApp().zone);
  const losses = preview?.value ? lossesOf(next, preview.value, (iso) => dayText(iso, zone)) : [];
  const waiting = preview?.loading ? [text.consequences.loading] : [];
  const failure = preview?.problem ? [text.consequences.failed(preview.problem)] : [];
  const sentences = [...waiting, ...losses, ...failure, ...notesOf(saved, next)];
  if (sentences.length === 0) return null;
  return (
    <ul class="consequences" data-loses={(preview?.value?.delete_count ?? 0) > 0} data-testid="consequences">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
