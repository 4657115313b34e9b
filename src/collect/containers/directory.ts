import type { Container, ContainerRecord } from '../../metrics/container.ts';
import type { ContainerInfo } from '../addon.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { type ContainerFacts, isoSeconds } from './facts.ts';
import { isOfRuntime, nameItself } from './names.ts';
import { readOciFacts } from './oci-state.ts';
import { engineSockets } from './sockets.ts';

/** Where containers are kept. */
export interface ContainerStore {
  /** Keeps all of them or, if it throws, none; gives them as they are kept. */
  save(records: readonly ContainerRecord[]): readonly Container[];
  find(runtimeId: string): Container | null;
  /** Those whose state is not `exited`. */
  unfinished(): readonly Container[];
}

export interface DirectoryOptions {
  store: ContainerStore;
  /** Told of each trouble once, in words. */
  report(problem: string): void;
  /** `/run`, and `/var/run` where that is another one. The first holds what runtimes write on disk. */
  runFolders?: readonly [string, ...string[]];
  engine?: Pick<EngineOptions, 'firstPauseMs' | 'longestPauseMs' | 'timeoutMs'>;
  /** ms since the Unix epoch. */
  now?(): number;
}

export type ContainerListener = (changed: readonly Container[]) => void;

/** A container that is sampled. */
interface Live {
  info: ContainerInfo;
  onDisk: ContainerFacts | null;
  /** As it was last kept; null until then. */
  kept: Container | null;
  firstSeenMs: number;
}

const EXITED = 'exited';

/**
 * What is known of the containers that the sampler finds: names, images and states, from engines and from what runtimes keep on disk. All
 * of that is found out aside; what is known at the moment is told at once, and kept whenever it has changed.
 */
export class ContainerDirectory {
  readonly #options: DirectoryOptions;
  readonly #runFolders: readonly [string, ...string[]];
  readonly #live = new Map<string, Live>();
  readonly #engines = new Map<string, Engine>();
  readonly #listeners = new Set<ContainerListener>();
  /** Containers of which something may have changed since they were last kept. */
  readonly #dirty = new Set<string>();
  /** Those that are still to be kept as exited. */
  #exited: ContainerRecord[] = [];
  #saving: NodeJS.Immediate | undefined;
  #problem = '';
  #first = true;
  #closed = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#runFolders = options.runFolders ?? ['/run', '/var/run'];
  }

  /** What the sampler finds now. What it found before and does not any more has exited. */
  update(found: readonly ContainerInfo[]): void {
    const present = new Set(found.map(({ id }) => id));
    for (const [id, { kept }] of this.#live) {
      if (present.has(id)) continue;
      this.#live.delete(id);
      if (kept) this.#exited.push({ ...kept, state: EXITED });
    }
    const come = found.filter(({ id }) => !this.#live.has(id));
    const firstSeenMs = this.#now();
    for (const info of come) {
      this.#live.set(info.id, { info, onDisk: null, kept: null, firstSeenMs });
      this.#dirty.add(info.id);
    }
    this.#save();
    const unknown = come.filter((info) => isOfRuntime(info) && !this.#factsOf(info.id));
    if (unknown.length === 0) return;
    this.#lookForEngines();
    for (const { id } of unknown) void this.#readDisk(id);
  }

  /** What is known of a container, also when it has exited; null when it was never found. */
  describe(runtimeId: string): Container | null {
    const live = this.#live.get(runtimeId);
    return live ? live.kept : this.#options.store.find(runtimeId);
  }

  /** What is known of a container that is sampled now, without looking at what is kept. */
  describeLive(runtimeId: string): Container | null {
    return this.#live.get(runtimeId)?.kept ?? null;
  }

  /** Calls `listener` with what has changed; the returned function ends that. */
  onChange(listener: ContainerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#saving);
    for (const engine of this.#engines.values()) engine.close();
    this.#listeners.clear();
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  /** Engines come and go with their sockets: each that is there is asked from now on. */
  #lookForEngines(): void {
    for (const socket of engineSockets(this.#runFolders)) {
      const engine = this.#engines.get(socket);
      if (engine) engine.wake();
      else {
        const { report, engine: timing } = this.#options;
        this.#engines.set(socket, new Engine(socket, { ...timing, report, onChange: (ids) => this.#changed(ids) }));
      }
    }
  }

  #factsOf(id: string): ContainerFacts | undefined {
    for (const engine of this.#engines.values()) {
      const facts = engine.facts(id);
      if (facts) return facts;
    }
    return undefined;
  }

  async #readDisk(id: string): Promise<void> {
    const onDisk = await readOciFacts(this.#runFolders[0], id);
    const live = this.#live.get(id);
    if (!live || !onDisk) return;
    live.onDisk = onDisk;
    this.#changed([id]);
  }

  /** Much may change at once, and is kept together. */
  #changed(ids: readonly string[]): void {
    for (const id of ids) if (this.#live.has(id)) this.#dirty.add(id);
    if (this.#dirty.size > 0 && !this.#closed) this.#saving ??= setImmediate(() => this.#save());
  }

  /** Keeps what has changed. What cannot be kept is tried again with the next change. */
  #save(): void {
    clearImmediate(this.#saving);
    this.#saving = undefined;
    let kept: readonly Container[];
    try {
      const records = this.#records();
      kept = records.length > 0 ? this.#options.store.save(records) : [];
    } catch (error) {
      const problem = `containers cannot be kept: ${error instanceof Error ? error.message : String(error)}`;
      if (problem !== this.#problem) this.#options.report(problem);
      this.#problem = problem;
      return;
    }
    this.#problem = '';
    this.#first = false;
    this.#exited = [];
    this.#dirty.clear();
    for (const container of kept) {
      const live = this.#live.get(container.runtime_id);
      if (live) live.kept = container;
    }
    if (kept.length > 0) for (const listener of this.#listeners) listener(kept);
  }

  #records(): ContainerRecord[] {
    const records = [...this.#exited];
    if (this.#first) {
      // What was there when the daemon ended, and went while it was away.
      const unfinished = this.#options.store.unfinished().filter(({ runtime_id: id }) => !this.#live.has(id));
      records.push(...unfinished.map((container) => ({ ...container, state: EXITED })));
    }
    for (const id of this.#dirty) {
      const live = this.#live.get(id);
      const record = live && this.#recordOf(live);
      if (record && !(live.kept && isSame(live.kept, record))) records.push(record);
    }
    return records;
  }

  #recordOf({ info, onDisk, kept, firstSeenMs }: Live): ContainerRecord {
    const facts = this.#factsOf(info.id);
    const before = kept ?? this.#options.store.find(info.id);
    return {
      runtime_id: info.id,
      name: facts?.name ?? onDisk?.name ?? before?.name ?? nameItself(info),
      image: facts?.image ?? onDisk?.image ?? before?.image ?? null,
      state: facts?.state ?? 'running',
      runtime: info.kind,
      pod: facts?.pod ?? onDisk?.pod ?? before?.pod ?? (info.podUid || null),
      namespace: facts?.namespace ?? onDisk?.namespace ?? before?.namespace ?? null,
      created_at: facts?.createdAt ?? onDisk?.createdAt ?? before?.created_at ?? isoSeconds(firstSeenMs),
    };
  }
}

function isSame(kept: Container, record: ContainerRecord): boolean {
  return (Object.keys(record) as (keyof ContainerRecord)[]).every((name) => kept[name] === record[name]);
}
