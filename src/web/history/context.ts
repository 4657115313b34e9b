import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Zoom } from '../chart/options.ts';
import type { HistoryModel } from './model.ts';
import type { HistoryQuery } from './query.ts';

/** What the parts of the history view share. */
export interface HistoryContextValue {
  model: HistoryModel;
  query: HistoryQuery;
  /** Another query: a new entry in the browser's history. */
  change(changes: Partial<HistoryQuery>): void;
  /** In seconds since the Unix epoch. */
  zoom: Zoom;
  canUndo: boolean;
}

export const HistoryContext = createContext<HistoryContextValue | null>(null);

export function useHistory(): HistoryContextValue {
  const context = useContext(HistoryContext);
  if (!context) throw new Error('useHistory outside of HistoryContext');
  return context;
}
