import { useLayoutEffect, useState } from 'preact/hooks';
import type { Cell } from './cell.ts';

/** The cell's value; the component renders again whenever it changes. */
export function useCell<T>(cell: Cell<T>): T {
  return useSelected(cell, (value) => value);
}

/** What `select` makes of the cell; the component renders again only when that differs (by `Object.is`). */
export function useSelected<T, S>(cell: Cell<T>, select: (value: T) => S): S {
  const [, render] = useState({});
  const selected = select(cell.value);
  useLayoutEffect(() => {
    // The cell may have moved on between the render and this effect.
    if (!Object.is(select(cell.value), selected)) render({});
    return cell.subscribe((value) => {
      if (!Object.is(select(value), selected)) render({});
    });
  });
  return selected;
}

/** Renders the component again every `everyMs`; not at all while that is null. */
export function useTicks(everyMs: number | null): void {
  const [, render] = useState({});
  useLayoutEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => render({}), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
