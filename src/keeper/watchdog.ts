/**
 * Notices a child that is alive and does nothing: no answer to `/livez` for {@link UNANSWERED_MAX_MS}.
 *
 * A child that has not answered once since its start gets {@link STARTING_MAX_MS}: recovery from a large journal is not
 * a hang. A keeper that itself did not run (a suspended machine) starts the count anew.
 */
import type { Clock } from '../base/clock.ts';

export const UNANSWERED_MAX_MS = 10_000;
export const STARTING_MAX_MS = 60_000;
export const CHECK_INTERVAL_MS = 2_000;
export const CHECK_TIMEOUT_MS = 2_000;

/** Resolves when the child is to be taken for hung; rejects with `signal.reason`. */
export async function watchForHang(
  checkLiveness: (signal: AbortSignal) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let answeredMs = clock.monotonicMs();
  let limitMs = STARTING_MAX_MS;
  for (;;) {
    const begunMs = clock.monotonicMs();
    if (await answers(checkLiveness, clock, signal)) {
      answeredMs = clock.monotonicMs();
      limitMs = UNANSWERED_MAX_MS;
    } else if (clock.monotonicMs() - answeredMs >= limitMs) return;
    await clock.sleep(CHECK_INTERVAL_MS, signal);
    const tookMs = clock.monotonicMs() - begunMs;
    const wasSuspended = tookMs > 2 * (CHECK_INTERVAL_MS + CHECK_TIMEOUT_MS);
    if (wasSuspended) answeredMs = clock.monotonicMs();
  }
}

/** One check with its deadline. A check that ignores its signal is left behind, not waited for. */
async function answers(
  checkLiveness: (signal: AbortSignal) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = new AbortController();
  const timedOut = new Promise<boolean>((resolve) => {
    deadline.signal.addEventListener('abort', () => resolve(false));
  });
  const timer = clock.setTimer(CHECK_TIMEOUT_MS, () => deadline.abort());
  const check = checkLiveness(AbortSignal.any([deadline.signal, signal])).then(
    () => true,
    () => false,
  );
  const answered = await Promise.race([check, timedOut]);
  timer.cancel();
  signal.throwIfAborted();
  return answered;
}
