// What a container made by hand runs: uses CPU time and memory and sends datagrams, and says how much it has used.
import { createSocket } from 'node:dgram';
import process from 'node:process';
import type { HogOrder, HogReport } from './hand-made-container.ts';

const CYCLE_MS = 20;
const BUSY_MS = 12;
const DATAGRAM = Buffer.alloc(1200, 'x');

const held: Buffer[] = [];
const socket = createSocket('udp4');
let peer: { address: string; port: number } | undefined;

function report(kind: HogReport['kind']): void {
  const { user, system } = process.cpuUsage();
  process.send?.({ kind, atUs: Date.now() * 1_000, cpuUs: user + system } satisfies HogReport);
}

function cycle(): void {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
  if (peer) socket.send(DATAGRAM, peer.port, peer.address);
  report('cycle');
}

process.on('message', (order: HogOrder) => {
  if ('sendTo' in order) {
    peer = order.sendTo;
    setInterval(cycle, CYCLE_MS);
  } else {
    // Touched, so that it is there.
    held.push(Buffer.alloc(order.allocateBytes, 1));
  }
  report('done');
});
// Whoever started it has ended.
process.on('disconnect', () => process.exit());
report('done');
