import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `tacho ARGS` in a process of its own, with no settings but the given ones. */
export async function runTacho(
  args: readonly string[],
  { environment = {}, stdin = '' }: { environment?: Record<string, string>; stdin?: string } = {},
): Promise<Outcome> {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', TACHO_CONFIG: '/dev/null', ...environment };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env });
  child.stdin.end(stdin);
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
