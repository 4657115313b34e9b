import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

/** HTTP over a unix socket, as container engines speak it. What the other side does cannot cost more than these bounds. */
export interface Bounds {
  /** Until the answer is whole; of a stream, until it begins. */
  timeoutMs: number;
  /** Of an answer, or of one line of a stream. */
  maxBytes: number;
}

/** The engine answered with another status than 200. */
export class EngineStatusError extends Error {
  readonly status: number;

  constructor(path: string, status: number) {
    super(`GET ${path} was answered with status ${status}`);
    this.status = status;
  }
}

/** @throws Error when there is no engine, its answer is late, too long or no JSON; EngineStatusError */
export async function getJson(socketPath: string, path: string, bounds: Bounds, signal: AbortSignal): Promise<unknown> {
  const late = AbortSignal.timeout(bounds.timeoutMs);
  try {
    const response = await get(socketPath, path, AbortSignal.any([signal, late]));
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > bounds.maxBytes) throw new Error(`GET ${path}: the answer is longer than ${bounds.maxBytes} bytes`);
    }
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw late.aborted ? tooLate(path, bounds) : error;
  }
}

/** The lines of an answer that goes on until `signal`. @throws like getJson, and when the stream breaks off */
export async function openLines(
  socketPath: string,
  path: string,
  bounds: Bounds,
  signal: AbortSignal,
): Promise<AsyncGenerator<string>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), bounds.timeoutMs);
  try {
    return linesOf(await get(socketPath, path, AbortSignal.any([signal, late.signal])), bounds.maxBytes);
  } catch (error) {
    throw late.signal.aborted ? tooLate(path, bounds) : error;
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(path: string, { timeoutMs }: Bounds): Error {
  return new Error(`GET ${path}: no whole answer within ${timeoutMs} ms`);
}

async function get(socketPath: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  // A connection of its own: one that was kept may be of an engine that has restarted.
  const agent = new Agent({ keepAlive: false });
  const asked = request({ socketPath, path, signal, agent, headers: { host: 'localhost' } });
  // An error may come when nobody waits for one; who reads on is told of it then.
  asked.on('error', () => undefined);
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  if (response.statusCode === 200) return response;
  response.destroy();
  throw new EngineStatusError(path, response.statusCode ?? 0);
}

async function* linesOf(response: IncomingMessage, maxBytes: number): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxBytes) throw new Error(`a line of more than ${maxBytes} bytes`);
    yield* lines;
  }
}
