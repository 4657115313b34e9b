import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Contained } from '../harness/contained.ts';
import { findCommand, missingPackage, type Peer } from './peer.ts';

const NAME = 'netdata';

/** Every plugin but `proc`, which reads what Tacho reads. */
const OTHER_PLUGINS = [
  ...['timex', 'idlejitter', 'tc', 'diskspace', 'cgroups', 'checks', 'statsd', 'netdata monitoring', 'slabinfo'],
  ...['apps', 'charts.d', 'python.d', 'go.d', 'node.d', 'fping', 'ioping', 'nfacct', 'xenstat', 'perf', 'freeipmi'],
  ...['ebpf', 'cups', 'debugfs', 'systemd-journal', 'network-viewer', 'enable running new plugins'],
];

/** netdata with its proc plugin alone: a sample each second into memory, a web server on loopback, no alarms, no cloud. */
export const netdata: Peer = {
  name: NAME,
  missing: () => missingPackage(NAME, NAME),
  async start({ folder, cleanup }) {
    const home = join(folder, NAME);
    for (const name of ['cache', 'lib/cloud.d', 'log', 'health', 'registry'])
      mkdirSync(join(home, name), { recursive: true });
    const configuration = join(home, 'netdata.conf');
    writeFileSync(configuration, netdataConfiguration(home, userInfo().username, await freePort()));
    writeFileSync(join(home, 'lib/cloud.d/cloud.conf'), '[global]\n  enabled = no\n');
    writeFileSync(join(home, '.opt-out-from-anonymous-statistics'), '');
    const command = findCommand(NAME) ?? NAME;
    return Contained.start(NAME, [command, '-D', '-c', configuration, '-P', join(home, 'pid')], cleanup);
  },
};

function netdataConfiguration(home: string, user: string, port: number): string {
  return `
[global]
  run as user = ${user}
  update every = 1
  memory mode = ram
[db]
  mode = ram
  update every = 1
[directories]
  config = ${home}
  cache = ${home}/cache
  lib = ${home}/lib
  log = ${home}/log
  registry = ${home}/registry
  health config = ${home}/health
  stock health config = ${home}/health
[logs]
  access = none
[web]
  bind to = 127.0.0.1:${port}
  web files owner = ${user}
  web files group = ${user}
[health]
  enabled = no
[ml]
  enabled = no
[registry]
  enabled = no
[statsd]
  enabled = no
[plugins]
  proc = yes
${OTHER_PLUGINS.map((plugin) => `  ${plugin} = no`).join('\n')}
`;
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
