import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { RemoteError, remote, serveCalls, ThreadGoneError, transfer } from '../../src/threads/rpc.ts';

interface Calculator {
  add(a: number, b: number): Promise<number>;
  fail(code: string | undefined): Promise<never>;
  throwText(): Promise<never>;
  never(): Promise<never>;
  byteLength(bytes: Uint8Array): Promise<number>;
  bytes(length: number): Promise<Uint8Array>;
  unsendable(): Promise<unknown>;
  missing(): Promise<unknown>;
}

class Served {
  kept: Uint8Array | undefined;
  add(a: number, b: number): number {
    return a + b;
  }
  async fail(code: string | undefined): Promise<never> {
    throw Object.assign(new RangeError('out of it'), code === undefined ? {} : { code });
  }
  throwText(): never {
    throw 'just text';
  }
  never(): Promise<never> {
    return new Promise(() => {});
  }
  byteLength(bytes: Uint8Array): number {
    return bytes.byteLength;
  }
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.kept = bytes;
    return transfer(bytes, [bytes.buffer]);
  }
  unsendable(): unknown {
    return () => {};
  }
}

const open: MessagePort[] = [];

function connect(): { calls: Calculator; served: Served; callerPort: MessagePort; servedPort: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const served = new Served();
  serveCalls(port2, served);
  return { calls: remote<Calculator>(port1), served, callerPort: port1, servedPort: port2 };
}

afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

describe('calls across a port', () => {
  it('return results, each to its own caller', async () => {
    const { calls } = connect();
    expect(await Promise.all([calls.add(1, 2), calls.add(3, 4), calls.add(5, 6)])).toEqual([3, 7, 11]);
  });

  it('reject with the name, message and code of the error', async () => {
    const { calls } = connect();
    const error = await calls.fail('TACHO_TEST').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ name: 'RangeError', message: 'out of it', code: 'TACHO_TEST' });
    await expect(calls.fail(undefined)).rejects.toMatchObject({ name: 'RangeError', code: undefined });
    await expect(calls.throwText()).rejects.toMatchObject({ message: 'just text' });
  });

  it('reject a method that is not there, and a result that cannot be sent', async () => {
    const { calls } = connect();
    await expect(calls.missing()).rejects.toThrow('no such method: missing');
    await expect(calls.unsendable()).rejects.toMatchObject({ name: 'DataCloneError' });
    expect(await calls.add(1, 1)).toBe(2);
  });

  it('reject an argument that cannot be sent, and go on', async () => {
    const { calls } = connect();
    const sent: Promise<number> = Reflect.apply(calls.add, calls, [() => {}, 1]);
    await expect(sent).rejects.toMatchObject({ name: 'DataCloneError' });
    expect(await calls.add(1, 1)).toBe(2);
  });

  it('move marked buffers and copy others', async () => {
    const { calls, served } = connect();
    const copied = new Uint8Array(16);
    expect(await calls.byteLength(copied)).toBe(16);
    expect(copied.byteLength).toBe(16);
    const moved = new Uint8Array(16);
    expect(await calls.byteLength(transfer(moved, [moved.buffer]))).toBe(16);
    expect(moved.byteLength).toBe(0);
    expect((await calls.bytes(8)).byteLength).toBe(8);
    expect(served.kept?.byteLength).toBe(0);
  });

  it('can be awaited through a proxy that is no promise', async () => {
    const { calls } = connect();
    const same = await Promise.resolve(calls);
    expect(await same.add(2, 2)).toBe(4);
  });
});

describe('a port that closes', () => {
  it.each(['callerPort', 'servedPort'] as const)('rejects the calls under way and later ones (%s)', async (side) => {
    const connection = connect();
    const pending = [connection.calls.never(), connection.calls.never()];
    await connection.calls.add(1, 1);
    connection[side].close();
    for (const call of pending) await expect(call).rejects.toMatchObject({ code: 'TACHO_THREAD_GONE' });
    await expect(connection.calls.add(1, 1)).rejects.toBeInstanceOf(ThreadGoneError);
  });

  it('is noticed when the thread behind it dies', async () => {
    const { port1, port2 } = new MessageChannel();
    open.push(port1);
    const worker = new Worker(`require('node:worker_threads').workerData.port.on('message', () => process.exit(3))`, {
      eval: true,
      workerData: { port: port2 },
      transferList: [port2],
    });
    const exited = new Promise((resolve) => worker.on('exit', resolve));
    await expect(remote<Calculator>(port1).never()).rejects.toBeInstanceOf(ThreadGoneError);
    expect(await exited).toBe(3);
  });
});
