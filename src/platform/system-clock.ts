/** The machine's own time. The only place where the product reads it. */
import { type Clock, sleepByTimer, type Timer } from '../base/clock.ts';

/** Node fires a timer with a longer delay at once; such a timer is set in steps. */
const NODE_TIMER_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer,
  sleep: (delayMs, signal) => sleepByTimer(systemClock, delayMs, signal),
};

function setTimer(delayMs: number, callback: () => void): Timer {
  let handle: NodeJS.Timeout;
  const arm = (remainingMs: number) => {
    const stepMs = Math.min(remainingMs, NODE_TIMER_MAX_MS);
    handle = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : callback()), stepMs);
  };
  arm(Math.max(0, delayMs));
  return { cancel: () => clearTimeout(handle) };
}
