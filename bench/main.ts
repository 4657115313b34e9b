import process from 'node:process';
import { containers } from './containers/bench.ts';
import { footprint } from './footprint/bench.ts';
import { parseArguments } from './harness/arguments.ts';
import { type Bench, BenchError } from './harness/bench.ts';
import { toJson, toText } from './harness/line.ts';
import { query } from './query/bench.ts';
import { retention } from './retention/bench.ts';
import { sampler } from './sampler/bench.ts';
import { soak } from './soak/bench.ts';
import { storage } from './storage/bench.ts';
import { stream } from './stream/bench.ts';

/** Every bench there is. */
const BENCHES: readonly Bench[] = [sampler, containers, footprint, query, storage, retention, stream, soak];

const abort = new AbortController();

async function main(): Promise<void> {
  const { bench, cases, seconds, json } = parseArguments(process.argv.slice(2), BENCHES);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => abort.abort(new BenchError(`stopped by ${name}`)));
  }
  await bench.run({
    cases,
    seconds,
    signal: abort.signal,
    report: (line) => console.log((json ? toJson : toText)(line)),
    note: (text) => console.error(`# ${text}`),
  });
}

try {
  await main();
} catch (error) {
  // Whatever was under way when somebody ended the run fails in its own way.
  const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
  if (!(reason instanceof BenchError)) throw error;
  console.error(`bench: ${reason.message}`);
  process.exitCode = 1;
}
