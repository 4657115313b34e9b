import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { messages } from '../messages.ts';

const FOLDED_LENGTH = 6;

/** The first few of `items`, and a button for the rest: a host may have hundreds of interfaces. */
export function LongList<T>(props: { items: readonly T[]; children: (shown: readonly T[]) => ComponentChildren }) {
  const [unfolded, setUnfolded] = useState(false);
  const { items } = props;
  return (
    <>
      {props.children(unfolded ? items : items.slice(0, FOLDED_LENGTH))}
      {items.length > FOLDED_LENGTH && (
        <button type="button" class="text-button" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? messages.list.showFewer : messages.list.showAll(items.length)}
        </button>
      )}
    </>
  );
}
