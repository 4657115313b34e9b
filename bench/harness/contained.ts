import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type Account, openAccount, rssBytesOf } from './account.ts';
import { BenchError } from './bench.ts';
import type { Cleanup } from './cleanup.ts';

const STOP_MS = 10_000;

type Environment = Readonly<Record<string, string>>;

/** A command that is accounted for together with all of its children. */
export class Contained {
  readonly name: string;
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves with the last of its error output when it and all that write there have ended. */
  readonly ended: Promise<string>;
  readonly #account: Account;
  readonly #exited: Promise<void>;
  #running = true;

  private constructor(name: string, account: Account, child: ReturnType<typeof spawnPiped>) {
    if (child.pid === undefined) throw new BenchError(`${name}: cannot start ${child.spawnfile}`);
    this.name = name;
    this.pid = child.pid;
    this.stdin = child.stdin;
    // Flows even when nobody listens: a full pipe would stop the command.
    this.stdout = child.stdout.resume();
    this.#account = account;
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2000);
    });
    this.#exited = once(child, 'exit').then(() => {
      this.#running = false;
    });
    this.ended = once(child, 'close').then(() => errors.trim());
  }

  /** Starts a command; the clean-up stops it. */
  static start(name: string, command: readonly string[], cleanup: Cleanup, env: Environment = {}): Contained {
    const account = openAccount(name);
    cleanup.defer(() => account.close());
    const contained = new Contained(name, account, spawnPiped(`${account.enter}exec "$@"`, command, env));
    cleanup.defer(() => contained.stop());
    return contained;
  }

  cpuNs(): number {
    return this.#account.cpuNs(this.pid);
  }

  rssBytes(): number {
    return this.#account.pids(this.pid).reduce((sum, pid) => sum + rssBytesOf(pid), 0);
  }

  /** @throws BenchError when it has ended by itself. */
  async assertRunning(): Promise<void> {
    if (this.#running) return;
    throw new BenchError(`${this.name} ended early: ${await this.ended}`);
  }

  /** SIGTERM, and SIGKILL to what is left when the command has ended or after ten seconds. */
  async stop(): Promise<void> {
    const started = this.#account.pids(this.pid);
    const killer = setTimeout(() => killAll(this.#account.pids(this.pid)), STOP_MS);
    if (this.#running) process.kill(this.pid, 'SIGTERM');
    await this.#exited;
    clearTimeout(killer);
    // Without a cgroup, orphans are known only from before.
    killAll([...this.#account.pids(this.pid), ...started.filter((pid) => pid !== this.pid)]);
    await this.ended;
    await this.#emptied();
  }

  /** A killed process leaves its cgroup a moment after the signal, and the kernel tells nobody when. */
  async #emptied(): Promise<void> {
    for (let attempt = 0; attempt < 100 && this.#account.pids(this.pid).length > 0; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended since it was listed, which is what is wanted.
    }
  }
}

function spawnPiped(script: string, command: readonly string[], env: Environment) {
  return spawn('/bin/sh', ['-c', script, 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}
