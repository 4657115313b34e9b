import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  title: string;
  confirm: string;
  cancel: string;
  /** While false, it can only be cancelled. */
  ready?: boolean;
  /** Whether confirming gives something up. */
  grave?: boolean;
  testId: string;
  onConfirm: () => void;
  onCancel: () => void;
  children: ComponentChildren;
}

/** A question that has to be answered first. The browser keeps the focus inside, gives it back after, and takes Esc for "cancel". */
export function Dialog({ ready = true, ...props }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // So that Enter, pressed once too often, gives nothing up.
    cancel.current?.focus();
    return () => element?.close();
  }, []);
  const titleId = `${props.testId}-title`;
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={titleId}
      data-testid={props.testId}
      onCancel={(event) => {
        event.preventDefault();
        props.onCancel();
      }}
    >
      <h2 id={titleId}>{props.title}</h2>
      <div class="dialog-text" aria-live="polite">
        {props.children}
      </div>
      <div class="dialog-buttons">
        <button type="button" class="plain-button" ref={cancel} onClick={props.onCancel}>
          {props.cancel}
        </button>
        <button
          type="button"
          class={props.grave ? 'grave-button' : 'primary-button'}
          aria-disabled={!ready}
          onClick={() => ready && props.onConfirm()}
        >
          {props.confirm}
        </button>
      </div>
    </dialog>
  );
}
