import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { BenchError } from '../harness/bench.ts';
import type { Cleanup } from '../harness/cleanup.ts';
import { Contained } from '../harness/contained.ts';
import { processFile } from '../harness/paths.ts';
import type { Peer } from './peer.ts';

const CAPTURED_SECONDS = 10;
const FLAGS = ['--disable-warning=ExperimentalWarning'];
const alwaysThere = () => undefined;

/** Plain JavaScript in processes/NAME.mjs: stripping types would take memory of its own. */
function node(name: string, cleanup: Cleanup, ...args: string[]): Contained {
  return Contained.start(name, [process.execPath, ...FLAGS, processFile(`${name}.mjs`), ...args], cleanup);
}

export const idleNode: Peer = {
  name: 'idle-node',
  missing: alwaysThere,
  start: async ({ cleanup }) => node('idle-node', cleanup),
};

/** Node and DuckDB with nothing between: the rows of ten seconds of all families, captured here, appended every ten seconds. */
export const duckdbByHand: Peer = {
  name: 'duckdb-by-hand',
  missing: alwaysThere,
  async start({ folder, cleanup, signal }) {
    const rows = join(folder, 'captured.json');
    const args = [...FLAGS, processFile('capture.ts'), `${CAPTURED_SECONDS}`, rows];
    const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit', signal }), 'close');
    if (code !== 0) throw new BenchError('capturing some seconds of all families failed');
    return node('duckdb-by-hand', cleanup, rows, join(folder, 'by-hand.duckdb'));
  },
};

export const systemInformation: Peer = {
  name: 'systeminformation',
  missing: alwaysThere,
  start: async ({ cleanup }) => node('systeminformation', cleanup),
};
