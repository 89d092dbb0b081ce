/**
 * When each node was last heard of, by our monotonic clock alone: that a lease's `renewTime` changed is the heartbeat, what
 * it says is never compared with our time.
 *
 * Silence counts only while we listen. When this process was stopped, or the machine asleep, the gap between two calls of
 * {@link Heartbeats.listen} shows it, and every node is given that time back.
 */
import { MONITOR_PERIOD_MS } from './defaults.ts';

/** A busy machine is late by less than this. */
const LATE_MS = 2_000;

/** Bounded by the number of nodes. */
export class Heartbeats {
  readonly #heardMs = new Map<string, number>();
  #listenedMs: number | undefined;

  heard(nodeName: string, nowMs: number): void {
    this.#heardMs.set(nodeName, nowMs);
  }

  /** A node seen for the first time has been heard of. */
  seen(nodeName: string, nowMs: number): void {
    if (!this.#heardMs.has(nodeName)) this.heard(nodeName, nowMs);
  }

  forget(nodeName: string): void {
    this.#heardMs.delete(nodeName);
  }

  /** To be called every {@link MONITOR_PERIOD_MS} while there are nodes, and before each {@link silentMs}. */
  listen(nowMs: number): void {
    const missedMs = nowMs - (this.#listenedMs ?? nowMs) - MONITOR_PERIOD_MS;
    this.#listenedMs = nowMs;
    if (missedMs < LATE_MS) return;
    for (const [name, heardMs] of this.#heardMs) {
      this.#heardMs.set(name, Math.min(nowMs, heardMs + missedMs));
    }
  }

  /** Everybody begins anew: after the whole cluster was out of sight. */
  restart(nowMs: number): void {
    for (const name of this.#heardMs.keys()) this.#heardMs.set(name, nowMs);
  }

  silentMs(nodeName: string, nowMs: number): number {
    return nowMs - (this.#heardMs.get(nodeName) ?? nowMs);
  }
}
