import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../harness/bench.ts';
import { Contained } from '../harness/contained.ts';
import { freePort } from './netdata.ts';
import { findCommand, missingPackage, type Peer } from './peer.ts';

const NAME = 'prometheus-node-exporter';
const START_MS = 10_000;

/** node_exporter as Debian ships it, scraped each second over one connection; the scraper's own cost is not counted. */
export const nodeExporter: Peer = {
  name: NAME,
  missing: () => missingPackage(NAME, NAME),
  async start({ cleanup, signal }) {
    const address = `127.0.0.1:${await freePort()}`;
    const command = [findCommand(NAME) ?? NAME, `--web.listen-address=${address}`, '--log.level=error'];
    const exporter = Contained.start(NAME, command, cleanup);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanup.defer(() => agent.destroy());
    const scrapeOnce = () => scrape(`http://${address}/metrics`, agent, signal);
    const deadline = performance.now() + START_MS;
    while (!(await scrapeOnce())) {
      await exporter.assertRunning();
      if (performance.now() > deadline) throw new BenchError(`${NAME} does not answer on ${address}`);
      await sleep(100, undefined, { signal });
    }
    const timer = setInterval(scrapeOnce, 1000);
    cleanup.defer(() => clearInterval(timer));
    return exporter;
  },
};

/** Whether it answered with metrics. */
async function scrape(url: string, agent: Agent, signal: AbortSignal): Promise<boolean> {
  try {
    const [response] = await once(get(url, { agent, signal }), 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode === 200;
  } catch {
    // Not listening yet, or ended: assertRunning says which.
    return false;
  }
}
