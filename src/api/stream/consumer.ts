import type { Socket } from '../../http/sockets.ts';
import type { Frame, FrameLayout } from '../../metrics/frame.ts';
import type { FrameText } from './encoding.ts';
import type { DropReason } from './protocol.ts';
import { type Drop, Sequence } from './sequence.ts';

/** Frames are left out while so much waits, and go on once it is down to half of that. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** More than can wait and come in one batch: past this, the library would throw messages away. */
export const SOCKET_BUFFER_BYTES = 64 * 1024 * 1024;
const TOO_FAR_BEHIND = 4008;
/** A message of frames is full at so many characters: clients commonly refuse a message of more than 1 MiB. */
const FULL_MESSAGE_LENGTH = 64 * 1024;

/** What became of the ticks of all consumers. */
export class StreamCounts {
  frames = 0;
  readonly dropped: Record<DropReason, number> = { not_sampled: 0, overrun: 0, slow_consumer: 0 };
}

/** One socket: numbers the frames it gets, tells what it does not get, and gathers what belongs into one message. */
export class Consumer {
  readonly socket: Socket;
  readonly #counts: StreamCounts;
  readonly #sequences = new Map<string, Sequence>();
  readonly #layouts = new Map<FrameLayout, number>();
  #nextLayout = 1;
  #messages: string[] = [];
  #frames: string[] = [];
  #framesLength = 0;
  #blocked = false;

  constructor(socket: Socket, counts: StreamCounts) {
    this.socket = socket;
    this.#counts = counts;
  }

  /** Numbers begin anew. */
  begin(family: string): void {
    this.#sequences.set(family, new Sequence());
  }

  /** Tells what is still to be told of it. */
  end(family: string): void {
    const drop = this.#sequences.get(family)?.takeDrop();
    if (drop) this.#tellDrop(family, drop);
    this.#sequences.delete(family);
  }

  tell(message: object): void {
    this.#finishFrames();
    this.#messages.push(JSON.stringify(message));
  }

  /** `text` is looked at during this call only. */
  take(frame: Frame, text: FrameText): void {
    const { family } = frame.layout;
    const sequence = this.#sequences.get(family);
    if (!sequence) return;
    if (this.#blocked) {
      // Counted now and told later: it may go before it reads again.
      this.#counts.dropped.slow_consumer += sequence.skipped(frame);
      return;
    }
    const { seq, drop, gap } = sequence.sent(frame);
    if (drop) {
      this.#counts.dropped[drop.reason] += drop.count;
      this.#tellDrop(family, drop);
    }
    const layout = this.#layoutOf(frame.layout);
    const mark = gap ? '"gap":true,' : '';
    const encoded = `{"family":"${family}","layout":${layout},"seq":${seq},${mark}${text.members}}`;
    this.#frames.push(encoded);
    this.#framesLength += encoded.length;
    if (this.#framesLength >= FULL_MESSAGE_LENGTH) this.#finishFrames();
    this.#counts.frames += 1;
  }

  /** Sends what was gathered. */
  flush(): void {
    this.#finishFrames();
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    for (const message of messages) {
      if (this.socket.send(message) !== 'dropped') continue;
      // What is lost now is in no count: better to end than to lie.
      this.socket.close(TOO_FAR_BEHIND, 'the client does not read');
      return;
    }
    if (this.socket.bufferedBytes() > MAX_WAITING_BYTES) this.#blocked = true;
  }

  /** The client has taken something. */
  drained(): void {
    if (!this.#blocked || this.socket.bufferedBytes() > MAX_WAITING_BYTES / 2) return;
    this.#blocked = false;
    for (const [family, sequence] of this.#sequences) {
      const drop = sequence.takeDrop();
      if (drop) this.#tellDrop(family, drop);
    }
    this.flush();
  }

  #tellDrop(family: string, { fromSeq, count, reason }: Drop): void {
    this.tell({ type: 'dropped', family, from_seq: fromSeq, count, reason });
  }

  #layoutOf(layout: FrameLayout): number {
    const known = this.#layouts.get(layout);
    if (known !== undefined) return known;
    // Only the newest layout of a family is used again.
    for (const older of this.#layouts.keys()) if (older.family === layout.family) this.#layouts.delete(older);
    const id = this.#nextLayout;
    this.#nextLayout += 1;
    this.#layouts.set(layout, id);
    this.tell({ type: 'layout', family: layout.family, layout: id, instances: layout.instances });
    return id;
  }

  #finishFrames(): void {
    if (this.#frames.length === 0) return;
    this.#messages.push(`{"type":"frames","frames":[${this.#frames.join()}]}`);
    this.#frames = [];
    this.#framesLength = 0;
  }
}
