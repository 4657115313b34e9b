import type { Settings } from '../config/schema.ts';
import { startDaemon } from './daemon.ts';
import { createLog } from './log.ts';

/** What is left to do on SIGTERM takes less; a disk that hangs must not keep the service manager waiting. */
const SHUTDOWN_PATIENCE_MS = 4_500;

/** `tacho serve`: runs until SIGTERM or SIGINT, then exits 0 with everything stored. */
export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.log_level);
  const ended = Promise.withResolvers<void>();
  const fatal = (error: Error) => {
    log.fatal({ err: error }, 'a part of the daemon has ended: stopping, so that the service manager starts it anew');
    process.exitCode = 1;
    ended.resolve();
  };
  const daemon = await startDaemon(settings, log, fatal);
  // For good, not once: npm passes a Ctrl-C on that the terminal has sent already, and the second must not end the shutdown.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ended.resolve());
  if (daemon.generatedPassword !== null) console.log(`user admin, password: ${daemon.generatedPassword}`);
  console.log(`listening on ${daemon.url}`);
  await ended.promise;

  const overdue = setTimeout(() => {
    log.error('shutdown took too long: what is not stored yet waits in the outbox');
    process.exit(process.exitCode ?? 0);
  }, SHUTDOWN_PATIENCE_MS);
  await daemon.stop();
  clearTimeout(overdue);
}
