import { randomUUID } from 'node:crypto';
import { type Answer, type Header, sendAndClose, sendAnswer, sendLastAnswer, sendPending } from './answer.ts';
import type { BodyReader } from './body.ts';
import { type Dialect, dialectOf } from './dialects.ts';
import { HttpError } from './errors.ts';
import type { Head } from './guard.ts';
import { encodeReply, type Reply } from './reply.ts';
import type { Principal } from './route.ts';
import { DATA_HEADERS } from './security.ts';
import type { HttpResponse } from './uws.ts';

/** How long the sender of a body that is too large is read on, so that it sees the answer instead of a reset connection. */
const LINGER_MS = 2_000;

/** What the server tells about a request that it has answered, or that its client gave up. */
export interface RequestRecord {
  /** The route's path; `(static)`, `(unknown)` or `(malformed)` where there is no route. Never a raw path. */
  template: string;
  method: string;
  /** 499 when the client went before it was answered. */
  status: number;
  durationMs: number;
  requestBytes: number;
  responseBytes: number;
  principal: Principal | null;
  remoteAddress: string;
  userAgent: string;
}

export interface Log {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** What exchanges need of their server. */
export interface ExchangeContext {
  log: Log;
  onRequest(record: RequestRecord): void;
  corsHeaders(origin: string | undefined): readonly Header[];
  /** Exchanges that are not finished. */
  open: Set<Exchange>;
  /** The last of them finished. */
  onIdle(): void;
}

/** One request and its answer. Nothing here touches the response once it was sent or its client is gone. */
export class Exchange {
  readonly head: Head;
  readonly remoteAddress: string;
  template = '(unknown)';
  principal: Principal | null = null;
  body: BodyReader | null = null;
  readonly #context: ExchangeContext;
  readonly #response: HttpResponse;
  readonly #doubtful: boolean;
  readonly #startedAt = performance.now();
  #dialect: Dialect | null = null;
  #state: 'open' | 'answered' | 'aborted' = 'open';
  #aborting: AbortController | null = null;

  constructor(context: ExchangeContext, response: HttpResponse, head: Head, remoteAddress: string, doubtful: boolean) {
    this.#context = context;
    this.#response = response;
    this.head = head;
    this.remoteAddress = remoteAddress;
    this.#doubtful = doubtful;
    context.open.add(this);
    response.onAborted(() => this.#abort());
  }

  get dialect(): Dialect {
    this.#dialect ??= dialectOf(this.head.path);
    return this.#dialect;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get signal(): AbortSignal {
    this.#aborting ??= new AbortController();
    if (this.#state === 'aborted') this.#aborting.abort();
    return this.#aborting.signal;
  }

  reply(reply: Reply, common: readonly Header[] = DATA_HEADERS): void {
    if (!this.isOpen) return;
    const cors = this.#context.corsHeaders(this.head.headers.get('origin'));
    let answer: Answer;
    try {
      answer = encodeReply(reply, cors.length === 0 ? common : [...common, ...cors], this.head.method === 'HEAD');
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#state = 'answered';
    this.#record(answer.status, answer.body?.byteLength ?? 0);
    if (this.#doubtful) {
      this.body?.discard();
      this.#whenBodyEnded(() => sendLastAnswer(this.#response, answer));
    } else {
      sendAnswer(this.#response, answer, () => this.#finish());
    }
  }

  /** Answers with an error in the path's dialect. What is no HttpError is our fault: 500, with an id under which the log has it. */
  fail(error: unknown): void {
    if (!this.isOpen) return;
    if (error instanceof HttpError && error.status === 413) this.#refuseBody(error);
    else this.reply(this.#errorReply(error));
  }

  /** As `fail`, and ends the connection at once: nothing of what the client sent behind the request is looked at. */
  failAndClose(error: unknown): void {
    if (!this.isOpen) return;
    const answer = this.#errorAnswer(error);
    this.#state = 'answered';
    this.#record(answer.status, answer.body?.byteLength ?? 0);
    sendAndClose(this.#response, answer);
    this.#finish();
  }

  /** Hands the response over, to become a WebSocket; null when the client is gone or was answered. */
  takeOver(): HttpResponse | null {
    if (!this.isOpen) return null;
    this.#state = 'answered';
    this.#record(101, 0);
    this.#finish();
    return this.#response;
  }

  #refuseBody(error: HttpError): void {
    const answer = this.#errorAnswer(error);
    this.#state = 'answered';
    this.#record(answer.status, answer.body?.byteLength ?? 0);
    setImmediate(() => {
      if (!this.#context.open.has(this)) return;
      sendPending(this.#response, answer);
      const timer = setTimeout(() => this.#close(), LINGER_MS).unref();
      const close = () => {
        clearTimeout(timer);
        this.#close();
      };
      if (this.body) this.body.whenEnded(close);
      else close();
    });
  }

  #errorReply(error: unknown): Reply {
    const known = error instanceof HttpError ? error : new HttpError(500);
    let errorId: string | null = null;
    if (!(error instanceof HttpError) || error.status === 500) {
      errorId = randomUUID();
      const { method } = this.head;
      this.#context.log.error({ err: error, error_id: errorId, method, template: this.template }, 'request failed');
    }
    return { status: known.status, body: this.dialect.render(known, errorId), headers: known.headers };
  }

  #errorAnswer(error: unknown): Answer {
    return encodeReply(this.#errorReply(error), DATA_HEADERS, this.head.method === 'HEAD');
  }

  /** From a turn of the event loop's own: see answer.ts. */
  #whenBodyEnded(send: () => void): void {
    const sendIfThere = () => {
      setImmediate(() => {
        if (!this.#context.open.has(this)) return;
        send();
        this.#finish();
      });
    };
    if (this.body) this.body.whenEnded(sendIfThere);
    else sendIfThere();
  }

  #close(): void {
    if (!this.#context.open.has(this)) return;
    this.#finish();
    this.#response.close();
  }

  #finish(): void {
    const { open, onIdle } = this.#context;
    if (open.delete(this) && open.size === 0) onIdle();
  }

  #abort(): void {
    const answered = this.#state === 'answered';
    this.#finish();
    if (answered) return;
    this.#state = 'aborted';
    this.#aborting?.abort();
    this.#record(499, 0);
  }

  #record(status: number, responseBytes: number): void {
    this.#context.onRequest({
      template: this.template,
      method: this.head.method,
      status,
      durationMs: performance.now() - this.#startedAt,
      requestBytes: this.head.contentLength ?? 0,
      responseBytes,
      principal: this.principal,
      remoteAddress: this.remoteAddress,
      userAgent: this.head.headers.get('user-agent') ?? '',
    });
  }
}
