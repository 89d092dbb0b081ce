/**
 * Notices a child that is alive and does nothing: no answer to `/livez` for {@link UNANSWERED_MAX_MS}.
 *
 * A child that has not answered once since its start gets {@link STARTING_MAX_MS}: recovery from a large journal is not
 * a hang. A keeper that itself did not run (a suspended machine) starts the count anew.
 */
import { abortable } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';

export const UNANSWERED_MAX_MS = 10_000;
export const STARTING_MAX_MS = 60_000;
/** A check that is unanswered when the next one is due is given up. */
export const CHECK_INTERVAL_MS = 2_000;
/** An interval that took this long was not lived through. */
const SUSPENDED_AFTER_MS = 4 * CHECK_INTERVAL_MS;

/** How it is learned whether a child lives. */
export interface Liveness {
  /** Asks the child's `/livez`; rejects when it does not answer well. The watchdog gives it a deadline through `signal`. */
  checkLiveness: (signal: AbortSignal) => Promise<void>;
  /**
   * Resolves when a check may fail, which it may from the beginning; stays pending once `signal` has aborted. Until then the
   * child is not asked, and has answered whenever it would have been. Absent: a check may always fail.
   */
  untilDoubtful?: (signal: AbortSignal) => Promise<void>;
}

/** Resolves when the child is to be taken for hung; rejects with `signal.reason`. */
export async function watchForHang(liveness: Liveness, clock: Clock, signal: AbortSignal): Promise<void> {
  let answeredMs = clock.monotonicMs();
  let limitMs = STARTING_MAX_MS;
  for (;;) {
    const begunMs = clock.monotonicMs();
    const check = new LivenessCheck(clock);
    check.begin(liveness.checkLiveness);
    const skippedMs = await timeWithoutDoubt(liveness, clock, signal);
    const askedMs = begunMs + skippedMs;
    await clock
      .sleep(askedMs + CHECK_INTERVAL_MS - clock.monotonicMs(), signal)
      .finally(() => check.giveUp());
    const nowMs = clock.monotonicMs();
    const wasSuspended = nowMs - askedMs > SUSPENDED_AFTER_MS;
    const lastAnsweredMs = skippedMs > 0 ? askedMs : check.answeredMs;
    if (lastAnsweredMs !== undefined) {
      answeredMs = lastAnsweredMs;
      limitMs = UNANSWERED_MAX_MS;
    }
    if (wasSuspended) answeredMs = nowMs;
    else if (nowMs - answeredMs >= limitMs) return;
  }
}

/** Waits while there is no doubt. @returns  the whole intervals that passed meanwhile */
async function timeWithoutDoubt(
  { untilDoubtful }: Liveness,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  if (untilDoubtful === undefined) return 0;
  const begunMs = clock.monotonicMs();
  await abortable(untilDoubtful(signal), signal);
  const passedMs = clock.monotonicMs() - begunMs;
  return passedMs - (passedMs % CHECK_INTERVAL_MS);
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
