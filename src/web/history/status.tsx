import { useCell } from '../lib/hooks.ts';
import type { RequestState } from '../lib/request.ts';
import { messages } from '../messages.ts';
import { BLOCK_NAMES } from './blocks.ts';
import { useHistory } from './context.ts';
import { refreshEveryMs } from './interval.ts';
import type { BlockHistory, HistoryLoader } from './loader.ts';

const text = messages.history;

/** All blocks' states; the component renders again whenever one of them changes. */
export function useBlocks(loader: HistoryLoader): RequestState<BlockHistory>[] {
  // As often and in the same order each time
  return BLOCK_NAMES.map((name) => useCell(loader.blocks[name]));
}

/** How fine the charts are, and whether there is more to come. */
export function HistoryStatus() {
  const { model } = useHistory();
  const shown = useCell(model.shown);
  const loading = useBlocks(model.loader).some((block) => block.loading) || shown === null;
  const moves = shown !== null && shown.query.range.kind !== 'fixed';
  const cadence = moves ? text.seconds(refreshEveryMs(shown.interval) / 1000) : null;
  return (
    <>
      <p class="history-status" role="status" data-testid="history-status" data-loading={loading}>
        {loading && shown === null ? text.loading : shown && text.loaded(shown.interval, cadence)}
      </p>
      <div class="progress" data-loading={loading} aria-hidden="true" />
    </>
  );
}
