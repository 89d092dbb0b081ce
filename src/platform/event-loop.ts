/** The event loop as those see it who must not keep it for themselves. */
import { setImmediate } from 'node:timers/promises';

/**
 * Resolves once the loop has come round twice: what came in meanwhile has been looked at, and what that led to, such as a
 * commit that the journal's thread has made durable, as well. One round left a kubelet's beat waiting half as long again.
 */
export async function nextTurn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
