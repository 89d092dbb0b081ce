/** Waits for a state, with a deadline: tests never sleep for a guessed time. */
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 20_000;
const POLL_MS = 50;

/** Resolves with what `look` gives once it throws no more; at the deadline, rejects with what it threw last. */
export async function eventually<T>(look: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(POLL_MS);
  }
}
