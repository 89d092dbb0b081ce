/** A logger whose lines are events of the world. What only helps in debugging is left out. */
import type { LogFields, Logger } from '../../base/logger.ts';
import type { LineLogged } from './world-event.ts';

export function newObservingLogger(
  process: string,
  observe: (event: { kind: 'log' } & LineLogged) => void,
  own: LogFields = {},
): Logger {
  const at =
    (level: LineLogged['level']) =>
    (message: string, fields: LogFields = {}) =>
      observe({ kind: 'log', process, level, message, fields: { ...own, ...fields } });
  return {
    debug() {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => newObservingLogger(process, observe, { ...own, ...fields }),
  };
}
