import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ContainerInfo } from '../../../src/collect/addon.ts';
import { ContainerDirectory, type ContainerStore } from '../../../src/collect/containers/directory.ts';
import type { Container } from '../../../src/metrics/container.ts';
import { temporaryFolder, temporaryState } from '../../state/temporary.ts';
import { FakeEngine } from './fake-engine.ts';

const WEB = 'ab'.repeat(32);
const POD = 'cd'.repeat(32);
const AT = '2026-01-05T10:00:00Z';

function info(id: string, kind: ContainerInfo['kind'], podUid = ''): ContainerInfo {
  return { id, kind, cgroup: `${kind}/${id}`, podUid };
}

/** A table of a state file, and what was written to it. */
function storeOfOne() {
  const state = temporaryState();
  const organisation = state.organisations.add('one', AT);
  const collector = state.collectors.add({ organisation, name: 'here', hostname: 'here', createdAt: AT });
  const saved: string[][] = [];
  const table: ContainerStore = {
    save(records) {
      saved.push(records.map(({ runtime_id, state }) => `${runtime_id.slice(0, 4)} ${state}`));
      return state.containers.save(collector, records, AT);
    },
    find: (id) => state.containers.find(collector, id),
    unfinished: () => state.containers.list(collector).filter(({ state }) => state !== 'exited'),
  };
  return { table, saved };
}

function open(table: ContainerStore, run = temporaryFolder()) {
  const problems: string[] = [];
  const directory = new ContainerDirectory({
    store: table,
    report: (problem) => problems.push(problem),
    runFolders: [run],
    engine: { firstPauseMs: 1, longestPauseMs: 5, timeoutMs: 5_000 },
    now: () => Date.parse('2026-01-05T12:00:00Z'),
  });
  onTestFinished(() => directory.close());
  const until = async (id: string, wanted: Partial<Container>) => {
    const is = () => Object.entries(wanted).every(([name, value]) => directory.describe(id)?.[name as 'id'] === value);
    const { promise, resolve } = Promise.withResolvers<void>();
    const unlisten = directory.onChange(() => is() && resolve());
    if (is()) resolve();
    await promise;
    unlisten();
  };
  return { directory, problems, until, run };
}

async function engineIn(run: string, path = 'docker.sock'): Promise<FakeEngine> {
  const engine = new FakeEngine();
  onTestFinished(() => engine.stop());
  await engine.listen(join(run, path));
  return engine;
}

describe('ContainerDirectory', () => {
  test('tells at once what it knows: a short id, and the names of what has one for an id', () => {
    const { table } = storeOfOne();
    const { directory } = open(table);
    directory.update([
      info(WEB, 'docker'),
      info('ssh.service', 'service'),
      info('batch/job', 'cgroup'),
      info('vm', 'lxc'),
    ]);
    expect(directory.describe(WEB)).toEqual({
      ...{ id: expect.any(Number), runtime_id: WEB, name: 'abababababab', image: null, state: 'running' },
      ...{ runtime: 'docker', pod: null, namespace: null, created_at: '2026-01-05T12:00:00Z', updated_at: AT },
    });
    const names = ['ssh.service', 'batch/job', 'vm'].map((id) => directory.describe(id)?.name);
    expect(names).toEqual(['ssh.service', 'batch/job', 'vm']);
    expect(directory.describe('unknown')).toBeNull();
  });

  test.each(['docker.sock', 'podman/podman.sock', 'user/1000/podman/podman.sock'])(
    'learns names, images and states from the engine at %s, and is told when they change',
    async (socket) => {
      const { table, saved } = storeOfOne();
      const { directory, until, run, problems } = open(table);
      const engine = await engineIn(run, socket);
      engine.containers.set(WEB, { name: 'web', image: 'nginx:1.29' });
      engine.containers.set('ef'.repeat(32), { name: 'of no interest', state: 'exited' });
      directory.update([info(WEB, 'docker')]);
      await until(WEB, { name: 'web', image: 'nginx:1.29', state: 'running' });
      await engine.listened();
      engine.change(WEB, { name: 'web', image: 'nginx:1.29', state: 'paused' }, 'pause');
      await until(WEB, { state: 'paused' });
      engine.change(WEB, { name: 'shop', image: 'nginx:1.29' }, 'rename');
      await until(WEB, { name: 'shop', state: 'running' });
      expect(saved.flat().every((one) => one.startsWith('abab'))).toBe(true);
      expect(problems).toEqual([]);
    },
  );

  test('learns of pods from the state that runtimes keep on disk, or else knows their uid', async () => {
    const { table } = storeOfOne();
    const { directory, until, run } = open(table);
    const folder = join(run, 'containerd/io.containerd.runtime.v2.task/k8s.io', POD);
    mkdirSync(folder, { recursive: true });
    const annotations = { 'io.kubernetes.cri.container-name': 'web', 'io.kubernetes.cri.sandbox-name': 'web-0' };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ annotations }));
    directory.update([info(POD, 'containerd', 'uid-1'), info(WEB, 'crio', 'uid-2')]);
    await until(POD, { name: 'web', pod: 'web-0', runtime: 'containerd' });
    expect(directory.describe(WEB)).toMatchObject({ name: 'abababababab', pod: 'uid-2' });
  });

  test('what is not found any more has exited, keeps its number, and may come back', async () => {
    const { table, saved } = storeOfOne();
    const { directory, until, run } = open(table);
    const engine = await engineIn(run);
    engine.containers.set(WEB, { name: 'web' });
    directory.update([info(WEB, 'docker'), info('ssh.service', 'service')]);
    await until(WEB, { name: 'web' });
    const { id } = directory.describe(WEB) ?? {};
    directory.update([info('ssh.service', 'service')]);
    expect(directory.describe(WEB)).toMatchObject({ id, name: 'web', state: 'exited' });
    expect(directory.describeLive(WEB)).toBeNull();
    directory.update([info(WEB, 'docker'), info('ssh.service', 'service')]);
    expect(directory.describe(WEB)).toMatchObject({ id, name: 'web', state: 'running' });
    expect(saved).toEqual([['abab running', 'ssh. running'], ['abab running'], ['abab exited'], ['abab running']]);
  });

  test('what went while the daemon was away has exited; of the others it knows what it knew', () => {
    const { table } = storeOfOne();
    open(table).directory.update([info(WEB, 'docker'), info('ssh.service', 'service')]);
    const { directory } = open(table);
    expect(directory.describe(WEB)?.state).toBe('running');
    directory.update([info('ssh.service', 'service')]);
    expect(directory.describe(WEB)?.state).toBe('exited');
    expect(directory.describe('ssh.service')?.state).toBe('running');
  });

  test('nothing is written as long as nothing changes', async () => {
    const { table, saved } = storeOfOne();
    const { directory, until, run } = open(table);
    const engine = await engineIn(run);
    engine.containers.set(WEB, { name: 'web' });
    const found = [info(WEB, 'docker')];
    directory.update(found);
    await until(WEB, { name: 'web' });
    await engine.listened();
    directory.update(found);
    // The second start says nothing new; the rename behind it does.
    engine.change(WEB, { name: 'web' }, 'start');
    engine.change(WEB, { name: 'shop' }, 'rename');
    await until(WEB, { name: 'shop' });
    expect(saved).toHaveLength(3);
  });

  test('a disk that refuses is told of once, and what was to be kept is kept later', () => {
    const { table } = storeOfOne();
    const { directory, problems } = open(table);
    directory.update([info('ssh.service', 'service')]);
    const { save } = table;
    table.save = () => {
      throw new Error('the disk is full');
    };
    directory.update([info('cron.service', 'service')]);
    directory.update([info('cron.service', 'service'), info('batch', 'cgroup')]);
    expect(problems).toEqual(['containers cannot be kept: the disk is full']);
    expect(directory.describe('cron.service')).toBeNull();
    table.save = save;
    directory.update([info('cron.service', 'service')]);
    expect(directory.describe('ssh.service')?.state).toBe('exited');
    expect(directory.describe('cron.service')?.state).toBe('running');
  });

  test('an engine that never answers holds nothing up', async () => {
    const { table } = storeOfOne();
    const { directory, run } = open(table);
    const engine = await engineIn(run);
    const asked = Promise.withResolvers<void>();
    engine.misbehave = () => {
      asked.resolve();
      return true;
    };
    directory.update([info(WEB, 'docker')]);
    expect(directory.describe(WEB)?.name).toBe('abababababab');
    await asked.promise;
    directory.update([]);
    expect(directory.describe(WEB)?.state).toBe('exited');
  });
});
