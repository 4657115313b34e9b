import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { connectStream, nextMessage } from '../support/stream.ts';

const ID = 'ab'.repeat(32);
const CPU_STAT = 'usage_usec 1000000\nuser_usec 600000\nsystem_usec 400000\n';

/** A unified hierarchy of control groups (cgroup v2) with a container of Docker's in it. */
function cgroupTree(folder: string): string {
  const group = join(folder, 'system.slice', `docker-${ID}.scope`);
  mkdirSync(group, { recursive: true });
  for (const path of [folder, join(folder, 'system.slice'), group])
    writeFileSync(join(path, 'cgroup.controllers'), 'cpu memory pids\n');
  writeFileSync(join(group, 'cpu.stat'), CPU_STAT);
  writeFileSync(join(group, 'memory.current'), '4096\n');
  return group;
}

test('containers that are sampled have names in /metrics and numbers in the state file, and exit when they are gone', async () => {
  await using folder = await temporaryFolder();
  const [dataDir, cgroupfs] = [join(folder.path, 'data'), join(folder.path, 'cgroup')];
  const group = cgroupTree(cgroupfs);
  const daemon = await startDaemon({ dataDir, args: ['--cgroupfs', cgroupfs] });
  try {
    const token = await logIn(daemon.url);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    await fetch(`${daemon.url}/api/config`, { method: 'PUT', headers, body: '{"sampling_interval_seconds":0.2}' });
    const metrics = async () => (await fetch(`${daemon.url}/metrics`, { headers })).text();
    const socket = await connectStream(daemon.url, token);
    const until = async (wanted: () => boolean | Promise<boolean>) => {
      while (!(await wanted())) await nextMessage(socket, 'metrics');
    };
    const labels = `{container="${ID}",name="${ID.slice(0, 12)}"}`;
    await until(async () => (await metrics()).includes(`tacho_container_memory_bytes${labels}`));
    using database = new DatabaseSync(join(dataDir, 'state.db'), { readOnly: true });
    const rows = () =>
      database.prepare('SELECT id, collector, runtime_id, name, status, runtime FROM containers').all();
    const row = { id: 1, collector: 1, runtime_id: ID, name: ID.slice(0, 12), runtime: 'docker' };
    expect(rows()).toEqual([{ ...row, status: 'running' }]);
    rmSync(group, { recursive: true });
    await until(() => rows()[0]?.['status'] !== 'running');
    expect(rows()).toEqual([{ ...row, status: 'exited' }]);
    expect(await metrics()).not.toContain(ID);
    socket.close();
  } finally {
    await daemon.stop();
  }
});
