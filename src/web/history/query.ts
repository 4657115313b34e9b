import type { Interval } from './interval.ts';
import { parseInterval } from './interval.ts';
import type { Range } from './range.ts';
import { parseRange, rangeParameters } from './range.ts';

export const HISTORY_PATH = '/app/history';

const DEFAULT_RANGE: Range = { kind: 'last', minutes: 60 };

/** Everything that the history view was asked to show; its address says the same. */
export interface HistoryQuery {
  range: Range;
  /** null: chosen for the span. */
  interval: Interval | null;
  /** null: the total over all of them. */
  networkInterface: string | null;
  device: string | null;
  /** null: the first that is counted. */
  event: string | null;
}

/** What an address makes no sense of counts as not given. */
export function parseQuery(query: string): HistoryQuery {
  const parameters = new URLSearchParams(query);
  return {
    range: parseRange(parameters) ?? DEFAULT_RANGE,
    interval: parseInterval(parameters.get('interval')),
    networkInterface: parameters.get('interface') || null,
    device: parameters.get('device') || null,
    event: parameters.get('event') || null,
  };
}

export function addressOf({ range, interval, networkInterface, device, event }: HistoryQuery): string {
  const parameters = new URLSearchParams(rangeParameters(range));
  if (interval) parameters.set('interval', interval);
  if (networkInterface) parameters.set('interface', networkInterface);
  if (device) parameters.set('device', device);
  if (event) parameters.set('event', event);
  // Colons may stand in a query, and addresses are read by people.
  return `${HISTORY_PATH}?${parameters.toString().replaceAll('%3A', ':')}`;
}
