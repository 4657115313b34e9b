import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { LiveFeed } from './feed.ts';

/** Provided by the shell around every view of a logged-in person. */
export const FeedContext = createContext<LiveFeed | null>(null);

export function useFeed(): LiveFeed {
  const feed = useContext(FeedContext);
  if (!feed) throw new Error('useFeed outside of FeedContext');
  return feed;
}
