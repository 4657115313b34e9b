import { readConfiguration, type SettingSources, settingsOf } from '../config/load.ts';
import { watchFiles } from '../http/tls-watch.ts';
import { startDaemon } from './daemon.ts';
import { hasLostTerminal } from './hangup.ts';
import { createLog } from './log.ts';
import { announceWarnings } from './program.ts';
import { Reloader } from './reload.ts';

/** What is left to do on SIGTERM takes less; a disk that hangs must not keep the service manager waiting. */
const SHUTDOWN_PATIENCE_MS = 4_500;

/** `tacho serve`: runs until SIGTERM or SIGINT, then exits 0 with everything stored. SIGHUP makes it read its settings again. */
export async function serve(sources: SettingSources): Promise<void> {
  const configuration = readConfiguration(sources);
  announceWarnings(configuration);
  const settings = settingsOf(configuration);
  const log = createLog(settings.log_level);
  const ended = Promise.withResolvers<void>();
  const fatal = (error: Error) => {
    log.fatal({ err: error }, 'a part of the daemon has ended: stopping, so that the service manager starts it anew');
    process.exitCode = 1;
    ended.resolve();
  };
  // From the start: without a listener, a SIGHUP ends the process.
  const ready = Promise.withResolvers<Reloader>();
  process.on('SIGHUP', () => {
    if (hasLostTerminal()) ended.resolve();
    else ready.promise.then((reloader) => reloader.reload());
  });
  const daemon = await startDaemon(settings, log, fatal);
  const reloader = new Reloader({ sources, settings, log, replaceCertificate: daemon.replaceCertificate });
  const unwatch = watchFiles({ paths: () => reloader.certificateFiles, onChange: () => reloader.renewCertificate() });
  // The files may have changed since they were read, before anybody watched them.
  reloader.renewCertificate();
  // For good, not once: npm passes a Ctrl-C on that the terminal has sent already, and the second must not end the shutdown.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ended.resolve());
  if (daemon.generatedPassword !== null) console.log(`user admin, password: ${daemon.generatedPassword}`);
  console.log(`listening on ${daemon.url}`);
  ready.resolve(reloader);
  await ended.promise;

  const overdue = setTimeout(() => {
    log.error('shutdown took too long: what is not stored yet waits in the outbox');
    process.exit(process.exitCode ?? 0);
  }, SHUTDOWN_PATIENCE_MS);
  unwatch();
  await daemon.stop();
  clearTimeout(overdue);
}
