/**
 * An assertion of the shipped code does not hold: the process ends, and somebody must look. A store that ends its process
 * because its disk failed does what it should: nothing unacknowledged is ever shown.
 */
import type { CheckerFactory } from './checker.ts';

const OPERATING_ERRORS = ['DiskError:'];

export const newBrokenProcessChecker: CheckerFactory = (_cluster, report) => ({
  onEvent(event) {
    if (event.kind !== 'process' || event.what !== 'broken') return;
    const { why = 'it does not say why' } = event;
    if (!OPERATING_ERRORS.some((name) => why.startsWith(name))) report(`${event.process} broke: ${why}`);
  },
});
