import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { applyRetention, type RetentionStore } from '../../../src/store/retention/run.ts';
import { Feeder, type TestFrame } from '../fixtures.ts';
import { buildWorld, FIELDS, POSTS, type WorldRow } from './world.ts';

/**
 * Lives through the world of seed argv[3] in the store at argv[2], from operation argv[4] on. Says what it is about to do (`append`,
 * `rollup`, `prune` …) and, behind each operation, `done` and its number.
 */
const [path = '', seed = '', first = ''] = process.argv.slice(2);
const say = (line: string): void => console.log(line);
const store = await DuckDBStore.open(path);
const feeder = new Feeder(store);
const watched: RetentionStore = {
  usage: () => store.usage(),
  days: (request) => store.days(request),
  keepFrom: (fromUs) => store.keepFrom(fromUs),
  rollup(request) {
    say('rollup');
    return store.rollup(request);
  },
  prune(request) {
    say('prune');
    return store.prune(request);
  },
};

for (const [index, operation] of buildWorld(Number(seed)).operations.entries()) {
  if (index < Number(first)) continue;
  // Numbered by the operation: what a killed process had appended is a replay.
  const number = index + 1;
  if (operation.kind === 'append') {
    say('append');
    await store.append([feeder.batch(operation.rows.map(frameOf), { number })]);
  } else if (operation.kind === 'post') {
    say('append');
    const rows = operation.events.map(({ id, timestampUs, value }) => ({ id, timestampUs, values: { value } }));
    await store.append([feeder.events(POSTS, rows, { number })]);
  } else {
    const { policy, nowUs } = operation;
    const { signal } = new AbortController();
    const { failures } = await applyRetention(watched, { policy, nowUs, signal, holds: () => [] });
    if (failures[0]) throw failures[0].error;
  }
  say(`done ${index}`);
}
await store.close();

function frameOf({ family, instance, timestampUs, values }: WorldRow): TestFrame {
  return { family, fields: FIELDS, instances: [instance], timestampUs, values: [values] };
}
