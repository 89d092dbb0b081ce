/**
 * In which order and how fast the nodes of a zone are emptied: a line of names, and one token that comes back at the zone's
 * rate. All times are monotonic milliseconds, given by the caller.
 *
 *     enlist ──► waiting ──(first in line, token there)──► `now` ──► take ──► withdraw (tainted, or ready again)
 *
 * Who has taken a turn keeps it until withdrawn, so that a write which met a conflict is tried again at once.
 *
 * @see k8s.io/kubernetes/pkg/controller/nodelifecycle/scheduler RateLimitedTimedQueue, with its burst of one
 */
import { EVICTION_RATE } from './defaults.ts';

export type EvictionTurn =
  | { kind: 'now' }
  /** Ask again then, at the earliest. */
  | { kind: 'wait'; waitMs: number }
  /** No turns in this zone until its rate changes. */
  | { kind: 'halted' };

interface ZoneLine {
  /** Turns per second. */
  rate: number;
  /** When the last token was taken; long ago for a new zone. */
  takenMs: number;
  waiting: Set<string>;
}

/** Bounded by the number of nodes, and of zones that ever were. */
export class EvictionQueue {
  readonly #lines = new Map<string, ZoneLine>();
  readonly #zoneOf = new Map<string, string>();
  readonly #taken = new Set<string>();

  /**
   * A zone that waits for a token when its rate changes begins to wait anew at the new rate.
   * @returns whether the rate is another one
   */
  setRate(zone: string, rate: number, nowMs: number): boolean {
    const line = this.#line(zone);
    if (line.rate === rate) return false;
    if (untilTokenMs(line, nowMs) > 0) line.takenMs = nowMs;
    line.rate = rate;
    return true;
  }

  /** The names that wait in `zone`, first come first. */
  waitingIn(zone: string): Iterable<string> {
    return this.#lines.get(zone)?.waiting ?? [];
  }

  /** Whether it is `name`'s turn, without taking it. */
  turnOf(name: string, zone: string, nowMs: number): EvictionTurn {
    if (this.#taken.has(name)) return { kind: 'now' };
    const line = this.#line(zone);
    if (line.rate === 0) return { kind: 'halted' };
    const waitMs = untilTokenMs(line, nowMs) + (this.#ahead(name, line) * 1000) / line.rate;
    return waitMs <= 0 ? { kind: 'now' } : { kind: 'wait', waitMs };
  }

  enlist(name: string, zone: string): void {
    if (this.#taken.has(name) || this.#zoneOf.get(name) === zone) return;
    this.withdraw(name);
    this.#zoneOf.set(name, zone);
    this.#line(zone).waiting.add(name);
  }

  /** `turnOf` said `now`. */
  take(name: string, zone: string, nowMs: number): void {
    if (this.#taken.has(name)) return;
    this.withdraw(name);
    this.#taken.add(name);
    this.#line(zone).takenMs = nowMs;
  }

  withdraw(name: string): void {
    this.#taken.delete(name);
    const zone = this.#zoneOf.get(name);
    if (zone === undefined) return;
    this.#zoneOf.delete(name);
    this.#lines.get(zone)?.waiting.delete(name);
  }

  /** A zone that nobody has spoken of yet goes at the normal rate, and its first turn is free. */
  #line(zone: string): ZoneLine {
    let line = this.#lines.get(zone);
    if (line === undefined) {
      line = { rate: EVICTION_RATE, takenMs: Number.NEGATIVE_INFINITY, waiting: new Set() };
      this.#lines.set(zone, line);
    }
    return line;
  }

  #ahead(name: string, line: ZoneLine): number {
    let ahead = 0;
    for (const other of line.waiting) {
      if (other === name) return ahead;
      ahead++;
    }
    return ahead;
  }
}

/** Infinite while the rate is 0, as upstream's limiter that never accepts. */
function untilTokenMs({ rate, takenMs }: ZoneLine, nowMs: number): number {
  if (rate === 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, takenMs + 1000 / rate - nowMs);
}
