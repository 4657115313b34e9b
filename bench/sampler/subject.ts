import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { BenchError } from '../harness/bench.ts';
import { processFile } from '../harness/paths.ts';
import type { Segment, SegmentReply, SegmentRequest } from './protocol.ts';

/** The process that holds the sampler. */
export class Subject {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor() {
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', processFile('sampler.ts')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new BenchError('the process that holds the sampler has ended');
    });
    // Whoever waits for a segment hears of it; at other times, as when it is stopped, nobody needs to.
    this.#ended.catch(() => {});
  }

  async segment(request: SegmentRequest, signal: AbortSignal): Promise<Segment> {
    const answered = once(this.#child, 'message', { signal });
    this.#child.send(request);
    const [reply] = (await Promise.race([answered, this.#ended])) as [SegmentReply];
    if ('error' in reply) throw new BenchError(reply.error);
    return reply.segment;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
