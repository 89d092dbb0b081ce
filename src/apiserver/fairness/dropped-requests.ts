/**
 * How long those whom a priority level refuses are told to wait: from 1 s on, doubled while it refuses much, and a second less
 * while it refuses little, as TCP does with what it sends at a time. Pure.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go
 */

const RETRY_AFTER_MAX_SECONDS = 32;
/** Of every second that counts so many refusals are much. */
const MANY_PER_SECOND = 3;

interface Second {
  readonly at: number;
  count: number;
}

export class DroppedRequests {
  /** Seconds in which some were refused, the newest last; none older than it matters. */
  readonly #past: Second[] = [];
  #current: Second | undefined;
  #retryAfterSeconds = 1;
  #raisedAt = Number.NEGATIVE_INFINITY;

  /** One more is refused at `nowMs`; what it is to be told, in seconds. */
  record(nowMs: number): number {
    const at = Math.floor(nowMs / 1000);
    if (this.#current?.at === at) {
      this.#current.count++;
    } else {
      this.#closeSecond();
      this.#current = { at, count: 1 };
      this.#adjust(at);
    }
    return this.#retryAfterSeconds;
  }

  #closeSecond(): void {
    if (this.#current === undefined) return;
    const oldest = this.#current.at - RETRY_AFTER_MAX_SECONDS;
    this.#past.push(this.#current);
    while (this.#past[0]!.at < oldest) this.#past.shift();
  }

  /** Once a second, from what was refused in the seconds before it. What has been raised stays for as long as it says. */
  #adjust(now: number): void {
    const span = this.#retryAfterSeconds;
    const recent = this.#past.filter(({ at }) => now - at <= span);
    const dropped = recent.reduce((sum, { count }) => sum + count, 0);
    if (dropped >= MANY_PER_SECOND * span && now - this.#raisedAt >= span) {
      this.#retryAfterSeconds = Math.min(span * 2, RETRY_AFTER_MAX_SECONDS);
      this.#raisedAt = now;
    } else if (dropped < span && span > 1) {
      this.#retryAfterSeconds--;
    }
  }
}
