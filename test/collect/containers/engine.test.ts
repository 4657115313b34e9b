import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Engine } from '../../../src/collect/containers/engine.ts';
import { temporaryFolder } from '../../state/temporary.ts';
import { FakeEngine } from './fake-engine.ts';

/** What an engine's client has told; that it has told anything can be awaited. */
class Told {
  readonly problems: string[] = [];
  #arrived = Promise.withResolvers<void>();

  note(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) await this.#arrived.promise;
  }
}

function follow(socketPath: string, timeoutMs = 5_000) {
  const told = new Told();
  const engine = new Engine(socketPath, {
    onChange: () => told.note(),
    report: (problem) => {
      told.problems.push(problem);
      told.note();
    },
    firstPauseMs: 1,
    longestPauseMs: 5,
    timeoutMs,
  });
  onTestFinished(() => engine.close());
  const nameOf = (id: string) => engine.facts(id)?.name;
  return { engine, told, nameOf };
}

async function start(prepare: (fake: FakeEngine) => void = () => undefined, timeoutMs?: number) {
  const socketPath = join(temporaryFolder(), 'docker.sock');
  const fake = new FakeEngine();
  onTestFinished(() => fake.stop());
  fake.containers.set('a', { name: 'web' });
  prepare(fake);
  await fake.listen(socketPath);
  return { fake, socketPath, ...follow(socketPath, timeoutMs) };
}

describe('Engine', () => {
  test('knows what is there, and what its events say has changed', async () => {
    const { fake, told, nameOf, engine } = await start();
    await told.until(() => nameOf('a') === 'web');
    await fake.listened();
    fake.change('b', { name: 'database' }, 'create');
    await told.until(() => nameOf('b') === 'database');
    fake.change('a', { name: 'web', state: 'paused' }, 'pause');
    await told.until(() => engine.facts('a')?.state === 'paused');
    fake.change('a', { name: 'shop' }, 'rename');
    await told.until(() => nameOf('a') === 'shop');
    fake.change('b', null, 'destroy');
    await told.until(() => nameOf('b') === undefined);
    expect(told.problems).toEqual([]);
  });

  test('takes garbage among the events for nothing', async () => {
    const { fake, told, nameOf } = await start();
    await fake.listened();
    fake.send(
      '\n{"Type":"container"\nnull\n[1]\n"start"\n{"Type":"container","Action":"start","Actor":{"ID":"../../x"}}\n',
    );
    // An event that comes in two pieces.
    fake.containers.set('b', { name: 'database' });
    fake.send('{"Type":"container","Action":"start","Ac');
    fake.send('tor":{"ID":"b"}}\n');
    await told.until(() => nameOf('b') === 'database');
    expect(told.problems).toEqual([]);
  });

  test('asks for all again when the stream has ended: what changed meanwhile is not missed', async () => {
    const { fake, told, nameOf } = await start();
    await fake.listened();
    fake.containers.set('a', { name: 'renamed' });
    fake.containers.set('b', { name: 'new' });
    fake.cutStreams();
    await told.until(() => nameOf('a') === 'renamed' && nameOf('b') === 'new');
  });

  test('comes back to an engine that was away, without a word about that', async () => {
    const { fake, told, nameOf, socketPath } = await start();
    await fake.listened();
    await fake.stop();
    fake.containers.set('a', { name: 'after' });
    await fake.listen(socketPath);
    await told.until(() => nameOf('a') === 'after');
    expect(told.problems.filter((problem) => !/ECONNRESET|aborted|hang up/.test(problem))).toEqual([]);
  });

  test.each<[string, (path: string, response: ServerResponse) => boolean, string]>([
    ['never answers', () => true, 'no whole answer within 200 ms'],
    ['answers with no JSON', (_, response) => !!response.end('<html>'), 'JSON'],
    ['answers with something else', (_, response) => !!response.end('{}'), 'the list of containers is none'],
    ['refuses', (_, response) => !!response.writeHead(403).end(), 'status 403'],
    ['begins an answer and stops', (_, response) => response.write('[') || true, 'no whole answer within 200 ms'],
    ['cuts the connection', (_, response) => !!response.destroy(), 'hang up'],
  ])('an engine that %s is told of once, and asked again', async (_, misbehave, expected) => {
    const { fake, told, nameOf, socketPath } = await start((engine) => {
      engine.misbehave = misbehave;
    }, 200);
    await told.until(() => told.problems.length > 0);
    expect(told.problems[0]).toContain(socketPath);
    expect(told.problems[0]).toContain(expected);
    fake.misbehave = null;
    await told.until(() => nameOf('a') === 'web');
    expect(told.problems).toHaveLength(1);
  });

  test('an engine that gives no stream of events is asked for the list now and then', async () => {
    const { fake, told, nameOf } = await start((engine) => {
      engine.misbehave = (path, response) => path.startsWith('/events') && !!response.writeHead(404).end();
    });
    await told.until(() => told.problems.length === 1);
    fake.containers.set('b', { name: 'later' });
    await told.until(() => nameOf('b') === 'later');
    expect(told.problems).toHaveLength(1);
  });

  test('a line without an end does not fill the memory', async () => {
    const { fake, told, nameOf } = await start();
    await fake.listened();
    fake.send('x'.repeat(300 * 1024));
    await told.until(() => told.problems.length > 0);
    expect(told.problems[0]).toContain('a line of more than');
    fake.containers.set('b', { name: 'later' });
    await told.until(() => nameOf('b') === 'later');
  });

  test('waits quietly where there is no engine, and looks at once when it is woken', async () => {
    const socketPath = join(temporaryFolder(), 'docker.sock');
    const told = new Told();
    const engine = new Engine(socketPath, {
      onChange: () => told.note(),
      report: (problem) => told.problems.push(problem),
      firstPauseMs: 3_600_000,
      longestPauseMs: 3_600_000,
    });
    onTestFinished(() => engine.close());
    const fake = new FakeEngine();
    onTestFinished(() => fake.stop());
    fake.containers.set('a', { name: 'web' });
    await fake.listen(socketPath);
    // The first attempt may still be under way.
    const waking = setInterval(() => engine.wake(), 5);
    await told.until(() => engine.facts('a') !== undefined);
    clearInterval(waking);
    expect(told.problems).toEqual([]);
  });
});
