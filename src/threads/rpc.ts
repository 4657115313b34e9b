import type { MessagePort, Transferable } from 'node:worker_threads';

/**
 * Calls across a MessagePort: one side serves an object's async methods, the other holds a proxy of the same interface.
 * Buffers named by `transfer` move instead of being copied; errors keep their `name`, `message` and `code`.
 */

type Port = Pick<MessagePort, 'postMessage' | 'on' | 'close'>;

interface Call {
  id: number;
  method: string;
  args: unknown[];
}

type Reply =
  | { id: number; value: unknown }
  | { id: number; error: { name: string; message: string; code: string | undefined } };

/** The other thread ended or closed its port while calls were under way. */
export class ThreadGoneError extends Error {
  readonly code = 'TACHO_THREAD_GONE';
}

/** An error thrown in the other thread, with its stable code. */
export class RemoteError extends Error {
  readonly code: string | undefined;

  constructor(name: string, message: string, code: string | undefined) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

const transfers = new WeakMap<object, Transferable[]>();

/** Marks an argument or result so that `list` (its buffers) is transferred with it. */
export function transfer<T extends object>(value: T, list: Transferable[]): T {
  transfers.set(value, list);
  return value;
}

function transferListOf(values: readonly unknown[]): Transferable[] {
  return values.flatMap((value) => (typeof value === 'object' && value !== null ? (transfers.get(value) ?? []) : []));
}

/** Serves the methods of `target` to the other end of `port`. */
export function serveCalls(port: Port, target: object): void {
  port.on('message', async ({ id, method, args }: Call) => {
    try {
      const implementation: unknown = Reflect.get(target, method);
      if (typeof implementation !== 'function') throw new TypeError(`no such method: ${method}`);
      const value: unknown = await Reflect.apply(implementation, target, args);
      port.postMessage({ id, value } satisfies Reply, transferListOf([value]));
    } catch (error) {
      port.postMessage({ id, error: describe(error) } satisfies Reply);
    }
  });
}

function describe(error: unknown): { name: string; message: string; code: string | undefined } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: undefined };
  const code: unknown = Reflect.get(error, 'code');
  return { name: error.name, message: error.message, code: typeof code === 'string' ? code : undefined };
}

/** A proxy whose every method calls the object served at the other end of `port`. */
export function remote<T extends object>(port: Port): T {
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let gone = false;
  port.on('message', (reply: Reply) => {
    const call = pending.get(reply.id);
    pending.delete(reply.id);
    if ('error' in reply) call?.reject(new RemoteError(reply.error.name, reply.error.message, reply.error.code));
    else call?.resolve(reply.value);
  });
  port.on('close', () => {
    gone = true;
    for (const call of pending.values()) call.reject(new ThreadGoneError('the worker thread has ended'));
    pending.clear();
  });
  const call = (method: string, args: unknown[]): Promise<unknown> => {
    if (gone) return Promise.reject(new ThreadGoneError('the worker thread has ended'));
    const settled = Promise.withResolvers<unknown>();
    const id = ++lastId;
    try {
      port.postMessage({ id, method, args } satisfies Call, transferListOf(args));
      pending.set(id, settled);
    } catch (error) {
      // An argument that cannot be cloned or transferred is an error of this call, not of the caller's stack.
      settled.reject(error);
    }
    return settled.promise;
  };
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  return new Proxy({} as T, {
    get(_target, name) {
      // A proxy that answers `then` would be taken for a promise by await.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let method = methods.get(name);
      if (!method) {
        method = (...args) => call(name, args);
        methods.set(name, method);
      }
      return method;
    },
  });
}
