import type { FrameListener, FrameSource, Subscription } from '../../collect/frame-source.ts';
import type { Socket, SocketRoute } from '../../http/sockets.ts';
import type { Catalogue, FamilyDescriptor } from '../../metrics/catalogue.ts';
import type { Frame } from '../../metrics/frame.ts';
import { hostReaders } from '../perfwatch/access.ts';
import { closeSocketsOf, ProtocolError } from '../sockets.ts';
import { Consumer, SOCKET_BUFFER_BYTES, StreamCounts } from './consumer.ts';
import { FrameText } from './encoding.ts';
import { type ClientMessage, messageReader } from './protocol.ts';

export interface StreamServices {
  source: Pick<FrameSource, 'catalogue' | 'subscribe' | 'stats'>;
  /** Highest rate that may be asked for. */
  maxHz: number;
}

/** All consumers of one family at one interval. */
interface Channel {
  subscription: Subscription;
  consumers: Set<Consumer>;
}

/**
 * `WS /api/v1/stream`: families as they are sampled, each at the rate its consumer wants. Every tick is a frame or is told as dropped;
 * what is in a frame is encoded once, however many get it.
 */
export class SampleStream implements FrameListener {
  readonly counts = new StreamCounts();
  readonly #source: StreamServices['source'];
  readonly #catalogue: Catalogue;
  readonly #read: (text: string) => ClientMessage;
  readonly #consumers = new Map<Socket, Consumer>();
  readonly #channels = new Map<string, Channel>();
  /** By consumer and family, the channel it listens to. */
  readonly #heard = new Map<Consumer, Map<string, string>>();

  constructor({ source, maxHz }: StreamServices) {
    this.#source = source;
    this.#catalogue = source.catalogue;
    this.#read = messageReader(maxHz);
  }

  get route(): SocketRoute {
    return {
      path: '/api/v1/stream',
      summary:
        'Metric families as they are sampled, up to a thousand times a second: subscribe, then frames with sequence numbers',
      tags: ['stream'],
      access: hostReaders,
      maxBufferedBytes: SOCKET_BUFFER_BYTES,
      open: (socket) => this.#open(socket),
      message: (socket, text) => this.#message(socket, text),
      drain: (socket) => this.#consumers.get(socket)?.drained(),
      close: (socket) => this.#close(socket),
    };
  }

  get consumers(): number {
    return this.#consumers.size;
  }

  /** Ends the streams of a session that was revoked. */
  closeSession(sessionId: string): void {
    closeSocketsOf(sessionId, this.#consumers.keys());
  }

  frame(frame: Frame): void {
    const channel = this.#channels.get(channelKey(frame.layout.family, frame.intervalUs / 1_000));
    if (!channel) return;
    const text = new FrameText(frame);
    for (const consumer of channel.consumers) consumer.take(frame, text);
  }

  batchEnd(): void {
    for (const consumer of this.#consumers.values()) consumer.flush();
  }

  #open(socket: Socket): void {
    const consumer = new Consumer(socket, this.counts);
    this.#consumers.set(socket, consumer);
    this.#heard.set(consumer, new Map());
  }

  #close(socket: Socket): void {
    const consumer = this.#consumers.get(socket);
    if (!consumer) return;
    for (const family of [...(this.#heard.get(consumer)?.keys() ?? [])]) this.#leave(consumer, family);
    this.#heard.delete(consumer);
    this.#consumers.delete(socket);
  }

  #message(socket: Socket, text: string): void {
    const consumer = this.#consumers.get(socket);
    if (!consumer) return;
    try {
      this.#obey(consumer, this.#read(text));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      consumer.tell({ type: 'error', detail: error.message, field: error.field });
    }
    consumer.flush();
  }

  #obey(consumer: Consumer, message: ClientMessage): void {
    if (message.type === 'ping') {
      consumer.tell({ type: 'pong' });
      return;
    }
    const families = [...new Set(message.families)].map((name) => this.#family(name));
    if (message.type === 'unsubscribe') {
      for (const { name } of families) this.#leave(consumer, name);
      consumer.tell({ type: 'unsubscribed', families: families.map(({ name }) => name) });
      return;
    }
    const intervalMs = Math.max(1, Math.round(1_000 / message.hz));
    const status = new Map(this.#source.stats().families.map((family) => [family.name, family]));
    // Left first, all of them: leaving hands over what was sampled, and no frame of a family may come before its schema.
    for (const { name } of families) this.#leave(consumer, name);
    const schemas = families.map((family) => {
      const effectiveMs = this.#join(consumer, family, intervalMs);
      const { available = true, reason = '' } = status.get(family.name) ?? {};
      return { ...schemaOf(family, effectiveMs), available, reason };
    });
    consumer.tell({ type: 'subscribed', families: schemas });
  }

  #family(name: string): FamilyDescriptor {
    const family = this.#catalogue.families.find((candidate) => candidate.name === name);
    if (family) return family;
    const known = this.#catalogue.families.map((candidate) => candidate.name).join(', ');
    throw new ProtocolError(
      `families: no family is named ${JSON.stringify(name.slice(0, 64))}; known: ${known}`,
      'families',
    );
  }

  /** @returns the interval that frames will come at, ms */
  #join(consumer: Consumer, { name, floorIntervalMs }: FamilyDescriptor, intervalMs: number): number {
    const effectiveMs = Math.max(intervalMs, floorIntervalMs);
    const key = channelKey(name, effectiveMs);
    let channel = this.#channels.get(key);
    if (!channel) {
      channel = { subscription: this.#source.subscribe(name, effectiveMs, this), consumers: new Set() };
      this.#channels.set(key, channel);
    }
    channel.consumers.add(consumer);
    this.#heard.get(consumer)?.set(name, key);
    consumer.begin(name);
    return effectiveMs;
  }

  #leave(consumer: Consumer, family: string): void {
    const key = this.#heard.get(consumer)?.get(family);
    const channel = key === undefined ? undefined : this.#channels.get(key);
    if (key === undefined || !channel) return;
    // What was sampled until now is this consumer's: the last to leave closes the subscription, which hands that over first.
    if (channel.consumers.size === 1) {
      channel.subscription.close();
      this.#channels.delete(key);
    }
    channel.consumers.delete(consumer);
    this.#heard.get(consumer)?.delete(family);
    consumer.end(family);
  }
}

function channelKey(family: string, intervalMs: number): string {
  return `${family}@${intervalMs}`;
}

/** What the frames of a family hold at an interval. */
function schemaOf(family: FamilyDescriptor, intervalMs: number) {
  return {
    family: family.name,
    hz: 1_000 / intervalMs,
    interval_us: intervalMs * 1_000,
    instance_label: family.instanceLabel,
    fields: family.fields.map(({ name, unit, kind, help, resolutionMs, windowMs }) => ({
      ...{ name, unit, kind, help },
      resolution_ms: resolutionMs,
      window_ms: kind === 'rate' ? Math.max(windowMs, intervalMs) : windowMs,
    })),
  };
}
