/** An assertion of the shipped code does not hold: the process ends, and somebody must look. */
import type { CheckerFactory } from './checker.ts';

export const newBrokenProcessChecker: CheckerFactory = (_cluster, report) => ({
  onEvent(event) {
    if (event.kind === 'process' && event.what === 'broken') {
      report(`${event.process} broke: ${event.why ?? 'it does not say why'}`);
    }
  },
});
