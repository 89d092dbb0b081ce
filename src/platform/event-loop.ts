/** The event loop as those see it who must not keep it for themselves. */
import { setImmediate } from 'node:timers/promises';

/** Resolves once the loop has looked for input again, and has handed it out. */
export function nextTurn(): Promise<void> {
  return setImmediate();
}
