/** The {@link Logger} of every process: one JSON object a line, through pino, written without a worker thread. */
import { type Logger as PinoInstance, pino } from 'pino';
import type { LogFields, Logger } from '../base/logger.ts';

export interface JsonLoggerOptions {
  /** What the lines say who wrote them, e.g. `server` or `agent`. */
  component: string;
  level?: 'debug' | 'info' | 'warn' | 'error';
  /** Where the lines go: a file's path (created, appended to), or a file descriptor; default standard error. */
  destination?: string | number;
}

/** Lines are written synchronously, so that none is lost when the process ends. */
export function newPinoLogger(options: JsonLoggerOptions): Logger {
  const sink = pino.destination({ dest: options.destination ?? 2, sync: true, mkdir: true });
  const root = pino(
    {
      level: options.level ?? 'info',
      base: { component: options.component },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
    },
    sink,
  );
  return wrap(root);
}

type PinoLogger = Pick<PinoInstance, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

function wrap(target: PinoLogger): Logger {
  return {
    debug: (message, fields) => target.debug(fields, message),
    info: (message, fields) => target.info(fields, message),
    warn: (message, fields) => target.warn(fields, message),
    error: (message, fields) => target.error(fields, message),
    with: (fields: LogFields) => wrap(target.child(fields)),
  };
}
