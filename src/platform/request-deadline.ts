/**
 * Ends connections on which nobody asks for anything: those that never send a whole request head, and those that have been
 * answered and send no other. Node does so for plain HTTP servers; for one that speaks HTTP/2 as well it does not.
 *
 *     open ──> waiting (FIRST_MS) ── begin ──> busy ── end of the last ──> waiting (NEXT_MS) ── begin ──> busy …
 *                    └── time is over ──> onLate
 *
 * What trickles in does not count: a head that arrives byte by byte is late like one that does not arrive.
 */

/** From the end of the TLS handshake on. */
const FIRST_MS = 10_000;
/** As upstream lets a connection idle. Source: k8s.io/apiserver/pkg/server/secure_serving.go IdleTimeout */
const NEXT_MS = 90_000;

export class RequestDeadline {
  readonly #onLate: () => void;
  #running = 0;
  #timer: NodeJS.Timeout;

  /** @param onLate  called at most once, while no request runs */
  constructor(onLate: () => void) {
    this.#onLate = onLate;
    this.#timer = this.#startTimer(FIRST_MS);
  }

  /** The head of a request has arrived. */
  begin(): void {
    if (this.#running++ === 0) clearTimeout(this.#timer);
  }

  /** A request that {@link begin} was called for is over. */
  end(): void {
    if (--this.#running === 0) this.#timer = this.#startTimer(NEXT_MS);
  }

  /** The connection is gone. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #startTimer(afterMs: number): NodeJS.Timeout {
    return setTimeout(this.#onLate, afterMs).unref();
  }
}
