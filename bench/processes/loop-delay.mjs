/**
 * Loaded into the daemon with `--import`: on SIGUSR2 it prints how late the main thread's event loop was since the last time, in ms, and
 * begins anew. The histogram counts from one tick of its own timer to the next, so that interval is taken off.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 10;

if (isMainThread) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const late = (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  process.on('SIGUSR2', () => {
    console.log(`loop-delay ${JSON.stringify({ p99: late(histogram.percentile(99)), max: late(histogram.max) })}`);
    histogram.reset();
  });
}
