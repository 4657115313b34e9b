import { useSelected } from '../lib/hooks.ts';
import { useFeed } from './feed-context.ts';
import type { Metrics } from './metrics.ts';

/** No device, interface or mount point has it in its name. */
const SEPARATOR = '\0';

/** The keys of one of the message's tables. The component renders again only when one comes or goes. */
export function useNames(table: (metrics: Metrics) => object | undefined): string[] {
  const feed = useFeed();
  const joined = useSelected(feed.latest, (message) =>
    Object.keys((message && table(message.data)) ?? {}).join(SEPARATOR),
  );
  return joined === '' ? [] : joined.split(SEPARATOR);
}
