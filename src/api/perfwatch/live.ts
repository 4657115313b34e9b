import type { HostInventory } from '../../collect/inventory.ts';
import type { Socket, SocketRoute } from '../../http/sockets.ts';
import type { Catalogue } from '../../metrics/catalogue.ts';
import type { LiveHub } from '../../pipeline/live.ts';
import type { RuntimeConfig } from '../../state/runtime-config.ts';
import { closeSocketsOf, ProtocolError, typedMessage } from '../sockets.ts';
import { isoFromUs } from '../time.ts';
import { hostReaders } from './access.ts';
import { liveData } from './blocks.ts';
import type { Counters } from './counters.ts';
import { perfSampling } from './perf.ts';

/** A message is the whole state, so one that would wait behind this much is left out: the next one says it all. */
const MAX_WAITING_BYTES = 256 * 1024;

export interface LiveServices {
  hub: LiveHub;
  catalogue: Catalogue;
  host: HostInventory;
  config: RuntimeConfig;
  /** The events that the settings name. */
  perfEvents: readonly string[];
  counters: Counters;
}

/** `WS /api/ws/metrics`: this host's figures at each tick of the live interval, encoded once however many listen. */
export class MetricsStream {
  readonly #services: LiveServices;
  readonly #sockets = new Set<Socket>();
  /** Messages left out for consumers that did not keep up. */
  skipped = 0;

  constructor(services: LiveServices) {
    this.#services = services;
    services.hub.onTick(() => this.#broadcast());
  }

  get route(): SocketRoute {
    return {
      path: '/api/ws/metrics',
      summary: "This host's figures, at once and then every sampling_interval_seconds (at most ten a second)",
      tags: ['perfwatch'],
      access: hostReaders,
      open: (socket) => this.#open(socket),
      message: (socket, text) => socket.send(answerTo(text)),
      close: (socket) => this.#sockets.delete(socket),
    };
  }

  /** Ends the streams of a session that was revoked. */
  closeSession(sessionId: string): void {
    closeSocketsOf(sessionId, this.#sockets);
  }

  get consumers(): number {
    return this.#sockets.size;
  }

  #open(socket: Socket): void {
    this.#sockets.add(socket);
    if (this.#services.hub.timestampUs > 0) socket.send(this.#encode());
  }

  #broadcast(): void {
    if (this.#sockets.size === 0) return;
    const message = this.#encode();
    for (const socket of this.#sockets) {
      if (socket.bufferedBytes() > MAX_WAITING_BYTES) this.skipped += 1;
      else socket.send(message);
    }
  }

  /** Bytes, so that each send is a copy and not another encoding. */
  #encode(): Uint8Array {
    const { hub, catalogue, host, config, perfEvents, counters } = this.#services;
    const timestamp = isoFromUs(hub.timestampUs);
    const perfReadUs = hub.sampledUs('perf');
    const sampleTime = perfReadUs === null ? timestamp : isoFromUs(perfReadUs);
    const settings = config.get();
    const perf = perfSampling(catalogue, settings, perfEvents);
    const data = liveData({ view: hub, host, settings, perf, sampleTime, counters });
    return Buffer.from(JSON.stringify({ type: 'metrics', timestamp, data }));
  }
}

const PONG = JSON.stringify({ type: 'pong' });

function answerTo(text: string): string {
  try {
    typedMessage(text, ['ping']);
    return PONG;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return JSON.stringify({ type: 'error', detail: error.message });
  }
}
