/**
 * Answers that are sent as far as the server is concerned, and that their client does not take: over HTTP/2 each is kept
 * until the client opens the window. Looked through now and then, which costs a request no timer of its own.
 */

export interface SentAnswer {
  /** When the last of it was handed to the connection; `undefined`: not yet. */
  readonly sentAtMs: number | undefined;
  breakOff(): void;
}

/** As long as a client may stop reading in the middle of an answer. */
const UNREAD_MAX_MS = 60_000;
export const SWEEP_MS = 10_000;

/** Ends those that have waited for too long. @param answers  which are still open */
export function breakOffUnread(answers: Iterable<SentAnswer>, nowMs: number): void {
  for (const answer of answers) {
    if (answer.sentAtMs !== undefined && nowMs - answer.sentAtMs > UNREAD_MAX_MS) answer.breakOff();
  }
}
