import { useLayoutEffect, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { Dialog } from '../ui/dialog.tsx';
import { settingsMessages } from './messages.ts';

const text = settingsMessages.confirmLeave;

/** While it is shown, asks before another view is gone to, and lets the browser ask before another page is. */
export function LeaveWarning({ changes }: { changes: number }) {
  const { router } = useApp();
  const [held, setHeld] = useState<{ leave: () => void } | null>(null);
  useLayoutEffect(() => {
    const askBrowser = (event: BeforeUnloadEvent) => event.preventDefault();
    router.holdBack = (leave) => setHeld({ leave });
    window.addEventListener('beforeunload', askBrowser);
    return () => {
      router.holdBack = null;
      window.removeEventListener('beforeunload', askBrowser);
    };
  }, [router]);
  if (!held) return null;
  const { title, confirm, cancel } = text;
  return (
    <Dialog
      {...{ title, confirm, cancel }}
      testId="confirm-leave"
      grave
      onConfirm={held.leave}
      onCancel={() => setHeld(null)}
    >
      <p>{text.text(changes)}</p>
    </Dialog>
  );
}
