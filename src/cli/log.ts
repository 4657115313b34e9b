import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** One JSON object a line on standard error; journald and every log shipper read it. */
export function createLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
}
