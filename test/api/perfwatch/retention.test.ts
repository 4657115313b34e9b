/** Retention and clean-ups against a running daemon that finds rows of months in its store. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_US, dayOf } from '../../../src/store/days.ts';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { dayText } from '../../../src/store/retention/policy.ts';
import { runTacho } from '../../cli/run-tacho.ts';
import { Feeder, loadFrame } from '../../store/fixtures.ts';
import { type Daemon, getJson, logIn, startDaemon, temporaryFolder } from '../../support/daemon.ts';

const TODAY_US = dayOf(Date.now() * 1_000);
const HOUR_US = DAY_US / 24;
/** Noon of a day, so many days ago. */
const noon = (daysAgo: number) => TODAY_US - daysAgo * DAY_US + 12 * HOUR_US;
const day = (daysAgo: number) => dayText(noon(daysAgo));
const iso = (us: number) => new Date(us / 1_000).toISOString().replace('.000Z', 'Z');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let daemon: Daemon;
let token: string;
let member: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  const store = await DuckDBStore.open(join(folder.path, 'series.duckdb'));
  await new Feeder(store).append([40, 35, 20, 10, 2].map((daysAgo) => loadFrame(noon(daysAgo), daysAgo)));
  await store.close();
  daemon = await startDaemon({ dataDir: folder.path });
  token = await logIn(daemon.url);
  await tacho('user', 'add', 'mia', '--password', 'a long enough password');
  member = await logIn(daemon.url, 'mia', 'a long enough password');
});

afterAll(async () => {
  await daemon.stop();
  await folder[Symbol.asyncDispose]();
});

function tacho(...args: string[]) {
  return runTacho([...args, '--data-dir', folder.path]);
}

async function get(path: string, as = token) {
  const { status, body } = await getJson(`${daemon.url}${path}`, as);
  return { status, body: body as Record<string, unknown> };
}

async function send(method: string, path: string, body?: unknown, as = token) {
  const response = await fetch(`${daemon.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the policy', () => {
  test('GET /api/config/retention answers the fields of the contract, and sees what was acknowledged', async () => {
    const { status, body } = await get('/api/config/retention', member);
    expect(status).toBe(200);
    expect(body).toEqual({
      retention_days: 30,
      archive_enabled: true,
      downsample_after_days: 7,
      downsample_interval: '1h',
      current_data_size_mb: expect.any(Number),
      oldest_record: iso(noon(40)),
      newest_record: expect.stringMatching(/Z$/),
    });
    const size = body['current_data_size_mb'] as number;
    expect(size).toBeGreaterThan(0);
    expect(Math.round(size * 100) / 100).toBe(size);
  });

  test('GET /api/retention answers what PerfWatch reads', async () => {
    expect(await get('/api/retention', member)).toEqual({
      status: 200,
      body: {
        id: 1,
        retention_days: 30,
        archive_enabled: true,
        downsample_after_days: 7,
        downsample_interval: '1h',
        cleanup_enabled: true,
        cleanup_interval_minutes: 1440,
        last_archive_run: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
      },
    });
  });

  test('PUT takes all that was read, changes what can be changed, and agrees with /api/config', async () => {
    const { body: before } = await get('/api/retention');
    const sent = { ...before, id: 7, created_at: 'then', retention_days: 31, cleanup_interval_minutes: 60 };
    const { status, body } = await send('PUT', '/api/retention', sent);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 1, retention_days: 31, cleanup_interval_minutes: 60 });
    expect(body['created_at']).toBe(before['created_at']);
    expect((await get('/api/config')).body).toMatchObject({ retention_days: 31 });
    await send('PUT', '/api/config', { retention_days: 30 });
    expect((await send('PUT', '/api/retention', { cleanup_interval_minutes: 1440 })).body).toMatchObject({
      retention_days: 30,
      cleanup_interval_minutes: 1440,
    });
  });

  test.each<[string, object]>([
    ['downsample_after_days', { retention_days: 5 }],
    ['downsample_after_days', { downsample_after_days: 31 }],
    ['retention_days', { retention_days: 0 }],
    ['archive_enabled', { archive_enabled: 'yes' }],
    ['downsample_interval', { downsample_interval: '2h' }],
    ['cleanup_interval_minutes', { cleanup_interval_minutes: 0 }],
    ['last_run', { last_run: null }],
    ['perf_events_enabled', { perf_events_enabled: true }],
  ])('a bad %s is a 400 that names it and changes nothing: %j', async (field, body) => {
    const { body: before } = await get('/api/retention');
    const refused = await send('PUT', '/api/retention', body);
    expect(refused.status).toBe(400);
    expect(refused.body['detail']).toContain(field);
    expect((await get('/api/retention')).body).toEqual(before);
  });

  test('members look, and change nothing', async () => {
    expect((await send('PUT', '/api/retention', { retention_days: 29 }, member)).status).toBe(403);
    expect((await send('POST', '/api/retention/cleanup', undefined, member)).status).toBe(403);
    expect((await get('/api/retention/cleanup', member)).status).toBe(200);
    expect((await get('/api/retention/preview', member)).status).toBe(200);
  });
});

describe('clean-ups', () => {
  test('a preview says what the next one does, under the policy in force or another one', async () => {
    expect(await get('/api/retention/preview')).toEqual({
      status: 200,
      body: {
        downsample_before: `${day(7)}T00:00:00Z`,
        downsample_count: 2,
        delete_before: `${day(30)}T00:00:00Z`,
        delete_count: 2,
        archive_enabled: true,
        oldest_record: iso(noon(40)),
      },
    });
    const other = await get('/api/retention/preview?retention_days=15&downsample_after_days=1');
    expect(other.body).toMatchObject({ downsample_count: 2, delete_count: 3, delete_before: `${day(15)}T00:00:00Z` });
  });

  test.each([
    ['downsample_after_days', 'retention_days=3'],
    ['retention_days', 'retention_days=soon'],
    ['downsample_after_days', 'downsample_after_days=0'],
  ])('a preview with a bad %s is a 400: %s', async (field, query) => {
    const { status, body } = await get(`/api/retention/preview?${query}`);
    expect(status).toBe(400);
    expect(body['detail']).toContain(field);
  });

  test('before the first one there is none', async () => {
    const { body } = await get('/api/retention/cleanup');
    expect(body).toEqual({
      running: false,
      progress: null,
      last_run: null,
      next_run: expect.stringMatching(/T03:00:00Z$/),
    });
  });

  test('that cannot write the archive deletes nothing and says so, without paths', async () => {
    const archive = join(folder.path, 'archive');
    rmSync(archive, { recursive: true, force: true });
    writeFileSync(archive, 'in the way');
    const { status, body } = await send('POST', '/api/retention/cleanup');
    rmSync(archive);
    expect(status).toBe(503);
    expect(body['detail']).toMatch(/^load: [^\n]*archive[^\n]*\(nothing was deleted that is not archived\)$/);
    expect(body['detail']).not.toContain(folder.path);
    expect((await get('/api/retention/preview')).body).toMatchObject({ delete_count: 2, downsample_count: 2 });
    expect((await get('/api/retention')).body).toMatchObject({ last_archive_run: null });
    expect((await get('/api/retention/cleanup')).body['last_run']).toMatchObject({ problem: body['detail'] });
  });

  test('POST runs one, waits for it, and tells what it did', async () => {
    const { status, body } = await send('POST', '/api/retention/cleanup');
    expect(status).toBe(200);
    expect(body).toEqual({
      deleted_count: 2,
      downsampled_count: 2,
      archived_count: 4,
      archive_files: 4,
      archive_bytes: expect.any(Number),
      last_archive_run: expect.stringMatching(/Z$/),
      duration_ms: expect.any(Number),
    });
    expect((await get('/api/retention')).body['last_archive_run']).toBe(body['last_archive_run']);
    const { body: after } = await get('/api/retention/cleanup');
    expect(after).toMatchObject({ running: false, last_run: { deleted_count: 2, archived_count: 4, problem: null } });
    expect((await get('/api/config/retention')).body).toMatchObject({ oldest_record: iso(noon(20)) });
  });

  test('goes on when the caller hangs up', async () => {
    const { port } = new URL(daemon.url);
    const runs = () => daemon.lines.filter((line) => line.includes('"clean-up: done"')).length;
    const before = runs();
    const socket = connect(Number(port), '127.0.0.1');
    const head = `POST /api/retention/cleanup HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.destroy();
    let { body } = await get('/api/retention/cleanup');
    while (runs() === before) ({ body } = await get('/api/retention/cleanup'));
    expect(body['last_run']).toMatchObject({ problem: null });
  });
});

describe('tacho archive', () => {
  test('lists what is archived', async () => {
    const { code, stdout, stderr } = await tacho('archive', 'list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const cells = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(cells).toEqual([
      ['TABLE', 'DAY', 'ROWS', 'SIZE', 'DAMAGE'],
      ...[40, 35, 20, 10].map((daysAgo) => ['load', day(daysAgo), '1', expect.stringMatching(/ (B|KiB)$/), '-']),
      ['total', '4 files', '4', expect.stringMatching(/ KiB$/), '-'],
    ]);
    expect((await tacho('archive', 'list', '--table', 'net')).stdout).toMatch(/^total +0 files +0 +0 B +-$/m);
  });

  test('brings days back, which clean-ups leave alone', async () => {
    const restored = await tacho('archive', 'restore', day(36), day(20), '--keep-days', '3');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(restored.stdout).toMatch(/^TABLE +ROWS\nload +2\nclean-ups leave them alone until \S+Z\n$/);
    const range = { metric_type: 'cpu', start_time: iso(noon(36)), end_time: iso(noon(19)) };
    expect((await get(`/api/history/metrics?${new URLSearchParams(range)}`)).status).toBe(200);
    expect((await get('/api/config/retention')).body).toMatchObject({ oldest_record: iso(noon(35)) });
    expect((await get('/api/retention/preview')).body).toMatchObject({ delete_count: 0, downsample_count: 0 });
    expect((await send('POST', '/api/retention/cleanup')).body).toMatchObject({
      deleted_count: 0,
      downsampled_count: 0,
    });
    expect((await get('/api/config/retention')).body).toMatchObject({ oldest_record: iso(noon(35)) });
    // What is there already does not come back twice.
    expect((await tacho('archive', 'restore', day(36), day(20))).stdout).toMatch(/^load +0$/m);
  });

  test.each([
    [['2026-02-30', '2026-03-01'], 'from: must be a UTC day such as 2026-01-05, not "2026-02-30"'],
    [['2026-02-01', 'today'], 'to: must be a UTC day such as 2026-01-05, not "today"'],
    [['2026-02-02', '2026-02-01'], 'to: must not be before 2026-02-02, not 2026-02-01'],
    [['2126-01-01', '2126-01-02'], 'from: 2126-01-01 lies in the future'],
    [['2020-01-01', '2020-01-02'], 'nothing is archived from 2020-01-01 to 2020-01-02'],
    [['2020-01-01', '2020-01-01', '--table', 'cpu'], 'nothing of cpu is archived on 2020-01-01'],
    [['2020-01-01', '2020-01-01', '--keep-days', '0'], 'keep_days: must be a whole number from 1 to 3650'],
    [['2020-01-01', '2020-01-01', '--keep-days', 'x'], '--keep-days must be a whole number, not x'],
  ])('restore %j is refused in one line', async (args, message) => {
    expect(await tacho('archive', 'restore', ...args)).toEqual({ code: 1, stdout: '', stderr: `tacho: ${message}\n` });
  });

  test('a damaged file is told, and keeps no other day away', async () => {
    const path = join(folder.path, 'archive/load', `${day(40)}.parquet`);
    const sound = readFileSync(path);
    writeFileSync(path, sound.subarray(0, sound.length / 2));
    const listed = await tacho('archive', 'list');
    expect(listed.stdout).toMatch(/^total +4 files +\d+ +.* 1 damaged$/m);
    const { code, stdout, stderr } = await tacho('archive', 'restore', day(40), day(10));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^load +1$/m);
    expect(stderr).toMatch(new RegExp(`^tacho: load of ${day(40)}: [^\\n]*\\n$`));
    expect(stderr).not.toContain(folder.path);
    writeFileSync(path, sound);
  });

  test('works the same without a daemon', async () => {
    await daemon.stop();
    try {
      expect((await tacho('archive', 'list')).stdout).toMatch(/^total +4 files/m);
      expect((await tacho('archive', 'restore', day(40), day(40))).stdout).toMatch(/^load +1$/m);
      expect((await tacho('archive', 'restore', '2020-01-01', '2020-01-01')).stderr).toBe(
        'tacho: nothing is archived on 2020-01-01\n',
      );
      const empty = join(folder.path, 'empty');
      mkdirSync(empty, { mode: 0o700 });
      expect((await runTacho(['archive', 'list', '--data-dir', empty])).stdout).toMatch(/^total +0 files/m);
    } finally {
      daemon = await startDaemon({ dataDir: folder.path });
      token = await logIn(daemon.url);
    }
    expect((await get('/api/config/retention')).body).toMatchObject({ oldest_record: iso(noon(40)) });
  });
});
