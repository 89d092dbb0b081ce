/**
 * Notices a child that is alive and does nothing: no answer to `/livez` for {@link UNANSWERED_MAX_MS}.
 *
 * A child that has not answered once since its start gets {@link STARTING_MAX_MS}: recovery from a large journal is not
 * a hang. A keeper that itself did not run (a suspended machine) starts the count anew.
 */
import type { Clock } from '../base/clock.ts';

export const UNANSWERED_MAX_MS = 10_000;
export const STARTING_MAX_MS = 60_000;
/** A check that is unanswered when the next one is due is given up. */
export const CHECK_INTERVAL_MS = 2_000;
/** An interval that took this long was not lived through. */
const SUSPENDED_AFTER_MS = 4 * CHECK_INTERVAL_MS;

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
    const check = new LivenessCheck(clock);
    check.begin(checkLiveness);
    await clock.sleep(CHECK_INTERVAL_MS, signal).finally(() => check.giveUp());
    const nowMs = clock.monotonicMs();
    const wasSuspended = nowMs - begunMs > SUSPENDED_AFTER_MS;
    if (check.answeredMs !== undefined) {
      answeredMs = check.answeredMs;
      limitMs = UNANSWERED_MAX_MS;
    }
    if (wasSuspended) answeredMs = nowMs;
    else if (nowMs - answeredMs >= limitMs) return;
  }
}

/** One check. One that ignores its signal is left behind, not waited for. */
class LivenessCheck {
  readonly #clock: Clock;
  readonly #giveUp = new AbortController();
  /** Monotonic; absent while there is no answer, and when there was a failure. */
  answeredMs: number | undefined;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(checkLiveness: (signal: AbortSignal) => Promise<void>): void {
    checkLiveness(this.#giveUp.signal).then(
      () => {
        if (!this.#isOver) this.answeredMs = this.#clock.monotonicMs();
        this.#isOver = true;
      },
      () => {
        this.#isOver = true;
      },
    );
  }

  giveUp(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#giveUp.abort();
  }
}
