import { setTimeout as sleep } from 'node:timers/promises';
import { changedBy, inspected, listed } from './engine-answers.ts';
import type { ContainerFacts } from './facts.ts';
import { type Bounds, EngineStatusError, getJson, openLines } from './unix-http.ts';

const LIST: Bounds = { timeoutMs: 10_000, maxBytes: 32 * 1024 * 1024 };
const INSPECT: Bounds = { timeoutMs: 5_000, maxBytes: 4 * 1024 * 1024 };
const EVENTS: Bounds = { timeoutMs: 10_000, maxBytes: 256 * 1024 };

const EVENTS_PATH = `/events?filters=${encodeURIComponent(JSON.stringify({ type: ['container'] }))}`;

export interface EngineOptions {
  /** Told of the containers of which something has changed. */
  onChange(ids: readonly string[]): void;
  /** Told of each new trouble once, in words; that there is no engine is none. */
  report(problem: string): void;
  /** How long is waited before the first retry; then twice as long each time, up to `longestPauseMs`. */
  firstPauseMs?: number;
  longestPauseMs?: number;
  /** For requests, in place of what is usual. */
  timeoutMs?: number;
}

/** An engine whose stream of events has lasted so long was not about to fail. */
const STEADY_MS = 10_000;

/**
 * What one Docker or Podman engine says of its containers: all of them once, then what its events say has changed. It is asked again
 * from the start whenever the stream of events ends, and for as long as there is no engine.
 */
export class Engine {
  readonly socketPath: string;
  readonly #options: EngineOptions;
  readonly #closed = new AbortController();
  #facts = new Map<string, ContainerFacts>();
  #pause = new AbortController();
  #failures = 0;
  #problem = '';

  constructor(socketPath: string, options: EngineOptions) {
    this.socketPath = socketPath;
    this.#options = options;
    void this.#run();
  }

  /** What is known of a container; undefined when the engine has not got it. */
  facts(id: string): ContainerFacts | undefined {
    return this.#facts.get(id);
  }

  /** Tries now what it would try later: there may be an engine since. */
  wake(): void {
    this.#failures = 0;
    this.#pause.abort();
  }

  close(): void {
    this.#closed.abort();
    this.#pause.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      const beganMs = performance.now();
      await this.#follow().catch((error: unknown) => this.#tell(error));
      if (performance.now() - beganMs >= STEADY_MS) this.#failures = 0;
      await this.#rest();
    }
  }

  async #follow(): Promise<void> {
    // Before the stream, because some engines begin to answer with the first event.
    await this.#list();
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, ended.signal]);
    try {
      const lines = await openLines(this.socketPath, EVENTS_PATH, this.#within(EVENTS), signal);
      // What has changed between the list and the stream.
      await this.#list();
      this.#problem = '';
      for await (const line of lines) {
        const id = changedBy(parsed(line));
        if (id !== null) await this.#inspect(id);
      }
    } finally {
      ended.abort();
    }
  }

  async #list(): Promise<void> {
    const answer = await getJson(this.socketPath, '/containers/json?all=1', this.#within(LIST), this.#closed.signal);
    const facts = listed(answer);
    if (!facts) throw new Error('the list of containers is none');
    const before = this.#facts;
    this.#facts = facts;
    const ids = new Set([...before.keys(), ...facts.keys()]);
    this.#changed([...ids].filter((id) => JSON.stringify(before.get(id)) !== JSON.stringify(facts.get(id))));
  }

  async #inspect(id: string): Promise<void> {
    const path = `/containers/${encodeURIComponent(id)}/json`;
    try {
      const facts = inspected(await getJson(this.socketPath, path, this.#within(INSPECT), this.#closed.signal));
      if (!facts) return;
      this.#facts.set(id, facts);
    } catch (error) {
      if (!(error instanceof EngineStatusError && error.status === 404)) throw error;
      this.#facts.delete(id);
    }
    this.#changed([id]);
  }

  #changed(ids: readonly string[]): void {
    if (ids.length > 0 && !this.#closed.signal.aborted) this.#options.onChange(ids);
  }

  #within(bounds: Bounds): Bounds {
    const { timeoutMs = bounds.timeoutMs } = this.#options;
    return { ...bounds, timeoutMs };
  }

  #tell(error: unknown): void {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (this.#closed.signal.aborted || code === 'ENOENT' || code === 'ECONNREFUSED') return;
    const problem = error instanceof Error ? error.message : String(error);
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.report(`${this.socketPath}: ${problem}: names of its containers may be missing`);
  }

  async #rest(): Promise<void> {
    const { firstPauseMs = 500, longestPauseMs = 60_000 } = this.#options;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    if (this.#closed.signal.aborted) return;
    this.#pause = new AbortController();
    await sleep(pauseMs, undefined, { signal: this.#pause.signal, ref: false }).catch(() => undefined);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
