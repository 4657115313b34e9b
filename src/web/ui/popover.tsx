import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface PopoverProps {
  open: boolean;
  setOpen(open: boolean): void;
  /** What the button opens, for the ear and as a hint. */
  title: string;
  button: ComponentChildren;
  children: ComponentChildren;
}

/** A button with a small window below it. Escape and a click elsewhere close it, and the button has the focus again. */
export function Popover({ open, setOpen, title, button, children }: PopoverProps) {
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector('input')?.focus();
    const closeOutside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    document.addEventListener('pointerdown', closeOutside);
    document.addEventListener('keydown', closeOnEscape);
    return () => {
      document.removeEventListener('pointerdown', closeOutside);
      document.removeEventListener('keydown', closeOnEscape);
      opener.current?.focus();
    };
  }, [open, setOpen]);
  return (
    <div class="popover" ref={root}>
      <button
        type="button"
        class="tool"
        title={title}
        aria-expanded={open}
        aria-haspopup="dialog"
        ref={opener}
        onClick={() => setOpen(!open)}
      >
        <span class="sr-only">{title}: </span>
        {button}
      </button>
      {open && (
        <div class="popover-window" role="dialog" aria-label={title}>
          {children}
        </div>
      )}
    </div>
  );
}
