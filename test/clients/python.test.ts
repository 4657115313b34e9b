import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { PYTHON_MISSING, python } from '../support/python.ts';

const CLIENT = fileURLToPath(new URL('perfwatch_client.py', import.meta.url));
const STREAM_CLIENT = fileURLToPath(new URL('stream_client.py', import.meta.url));

describe('a client in another language', () => {
  test.skipIf(!python)(`logs in, streams and queries with requests and websockets (${PYTHON_MISSING})`, async () => {
    await using folder = await temporaryFolder();
    const daemon = await startDaemon({ dataDir: folder.path, env: { TACHO_FLUSH_INTERVAL_SECONDS: '60' } });
    try {
      const { stdout } = await promisify(execFile)(python ?? '', [CLIENT, daemon.url, 'admin', ADMIN_PASSWORD], {
        maxBuffer: 64 * 1024 * 1024,
      });
      const { stream, history } = JSON.parse(stdout);
      expect(stream.pong).toBe(true);
      expect(stream.messages[1].data.memory.total_bytes).toBeGreaterThan(0);
      expect(history.metric_type).toBe('cpu');
      const stored = history.data_points.map((point: { timestamp: string }) => point.timestamp);
      expect(stored).toContain(stream.messages[1].timestamp);
    } finally {
      await daemon.stop();
    }
  });

  test.skipIf(!python)(`follows families as they are sampled (${PYTHON_MISSING})`, async () => {
    await using folder = await temporaryFolder();
    const daemon = await startDaemon({ dataDir: folder.path });
    const follow = (...words: string[]) =>
      promisify(execFile)(python ?? '', [STREAM_CLIENT, daemon.url, 'admin', ADMIN_PASSWORD, ...words]);
    try {
      const { stdout, stderr } = await follow('1000', '500', 'network', 'memory');
      const frames = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(frames).toHaveLength(500);
      const memory = frames.filter(({ family }) => family === 'memory');
      expect(memory.at(-1).values[''].total_bytes).toBeGreaterThan(0);
      expect(frames.find(({ family }) => family === 'network').values.all.bytes_received_total).toBeGreaterThan(0);
      const told = [...stderr.matchAll(/^memory: (\d+) ticks from/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
      expect(memory.at(-1).seq).toBe(memory.length + told);
      await expect(follow('1001', '1', 'memory')).rejects.toThrow('hz: must be a number of ticks per second');
    } finally {
      await daemon.stop();
    }
  });
});
