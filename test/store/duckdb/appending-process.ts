import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../append-until-killed.ts', import.meta.url));

/** A process of its own that appends to the store at `path`, batch after batch. */
export class AppendingProcess {
  /** The numbers that it says are acknowledged. */
  readonly acknowledged: number[] = [];
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string, firstNumber = 1) {
    const args = ['--disable-warning=ExperimentalWarning', SCRIPT, path, String(firstNumber)];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (!this.#child.stdout) throw new Error('stdout is a pipe');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async acknowledges(batches: number): Promise<void> {
    while (this.acknowledged.length < batches && (await this.#read()));
  }

  /** kill -9; what it had acknowledged up to then is in `acknowledged` afterwards. */
  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    while (await this.#read());
  }

  async #read(): Promise<boolean> {
    const line = await this.#lines.next();
    if (!line.done) this.acknowledged.push(Number(line.value));
    return !line.done;
  }
}
