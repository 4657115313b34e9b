import { LOCAL_COLLECTOR } from '../../auth/bootstrap.ts';
import { HttpError } from '../../http/errors.ts';
import { type RowsPage, type RowsQuery, StoreError } from '../../store/contract.ts';
import type { BlockName } from './blocks.ts';
import { blockPlan, encodePoints, type HistoryServices } from './history-points.ts';
import type { TimeRange } from './history-query.ts';
import { HistoryView } from './history-view.ts';

/** A page of a block's data points as they were sampled, each as JSON. @throws HttpError 400 for a cursor that is none */
export async function readRows(
  services: HistoryServices,
  block: BlockName,
  range: TimeRange & { limit: number },
  cursor: string | undefined,
): Promise<{ points: string[]; next_cursor: string | null }> {
  const [lead, ...others] = blockPlan(services, block);
  if (!lead) return { points: [], next_cursor: null };
  const [family, { fields }] = lead;
  const selector = { collector: LOCAL_COLLECTOR, ...range };
  const page = await leadPage(services, { ...selector, family, fields, ...(cursor === undefined ? {} : { cursor }) });
  const results = [{ family, fields, result: page }];
  const first = page.timestampsUs[0];
  const last = page.timestampsUs.at(-1);
  if (first !== undefined && last !== undefined) {
    // The other families of the block join at the lead's own timestamps.
    const span = { ...selector, fromUs: first, toUs: last + 1 };
    for (const [family, { fields }] of others) {
      results.push({ family, fields, result: await services.reader.store.rows({ ...span, family, fields }) });
    }
  }
  const leadTimes = new Set(page.timestampsUs);
  return {
    points: await encodePoints(services, block, new HistoryView(results), leadTimes),
    next_cursor: page.nextCursor,
  };
}

/** The only part of a query that the caller makes up and the schema cannot check is the cursor. */
async function leadPage({ reader }: HistoryServices, query: RowsQuery): Promise<RowsPage> {
  try {
    return await reader.store.rows(query);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'TACHO_BAD_QUERY' && query.cursor !== undefined) {
      throw HttpError.badRequest('cursor: must be the next_cursor of an answer to the same query', 'cursor');
    }
    throw error;
  }
}
