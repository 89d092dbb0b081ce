/**
 * The network between named parties: machines, and `user` for who is outside of the cluster. A message takes the time of its
 * link; a link that is cut holds messages back until it is mended, and a connection that gets no answer to its ping for
 * {@link SILENCE_MAX_MS} is given up by its client, as `platform/https-transport.ts` does.
 *
 * Links have a direction, so that a partition may be one-way: then requests arrive and answers do not, or the reverse.
 * Messages of one stream keep their order; requests beside each other may overtake one another.
 */
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';

/** Ping interval and timeout of the real transport, together. */
export const SILENCE_MAX_MS = 10_000;

export interface LinkConditions {
  /** Each message takes a random time within these bounds, ms. */
  latencyMs: { min: number; max: number };
  /** Nothing passes. */
  isCut: boolean;
  /** Chance that the connection is reset under a message, in [0, 1). */
  resetChance: number;
  /** Chance that a request which may be repeated is delivered twice, in [0, 1). */
  duplicateChance: number;
  /** Events of watches arrive so much later than everything else: a stale API server. */
  watchLagMs: number;
}

const NOTHING = () => {};

const GOOD: LinkConditions = {
  latencyMs: { min: 0, max: 0 },
  isCut: false,
  resetChance: 0,
  duplicateChance: 0,
  watchLagMs: 0,
};

/** One direction between two parties: who asks often keeps it. */
export interface Link {
  /** As they are now. */
  readonly conditions: LinkConditions;
}

class EvaluatedLink implements Link {
  readonly #evaluate: () => LinkConditions;
  #conditions: LinkConditions | undefined;

  constructor(evaluate: () => LinkConditions) {
    this.#evaluate = evaluate;
  }

  get conditions(): LinkConditions {
    this.#conditions ??= this.#evaluate();
    return this.#conditions;
  }

  /** A disturbance has begun or ended. */
  forget(): void {
    this.#conditions = undefined;
  }
}

/** A change of some links, until it is taken back. */
export interface Disturbance {
  /** From which parties to which: `*` is any. Within one machine only by its name on both sides. */
  from: string;
  to: string;
  change: Partial<LinkConditions>;
}

export class SimulatedNetwork {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #disturbances = new Set<Disturbance>();
  readonly #links = new Map<string, EvaluatedLink>();
  #latencyMs: LinkConditions['latencyMs'];
  readonly #waiting = new Set<() => void>();

  constructor({
    clock,
    random,
    latencyMs,
  }: { clock: Clock; random: Random; latencyMs?: { min: number; max: number } }) {
    this.#clock = clock;
    this.#random = random;
    this.#latencyMs = latencyMs ?? GOOD.latencyMs;
  }

  /** Disturbs the links until the returned function is called. Later disturbances win. */
  disturb(disturbance: Disturbance): () => void {
    this.#disturbances.add(disturbance);
    this.#changed();
    return () => {
      this.#disturbances.delete(disturbance);
      this.#changed();
    };
  }

  link(from: string, to: string): Link {
    const name = `${from} ${to}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = new EvaluatedLink(() => this.#evaluate(from, to));
      this.#links.set(name, link);
    }
    return link;
  }

  conditions(from: string, to: string): LinkConditions {
    return this.link(from, to).conditions;
  }

  /** True with the given chance. Draws nothing for a chance of 0, so that a quiet network disturbs no other run. */
  happens(chance: number): boolean {
    return chance > 0 && this.#random.next() < chance;
  }

  latencyMs({ conditions }: Link): number {
    const { min, max } = conditions.latencyMs;
    return min === max ? min : min + this.#random.next() * (max - min);
  }

  /** Calls back when a message sent now arrives. A message on a cut link waits; the returned function forgets it. */
  carry(link: Link, arrived: () => void): () => void {
    let cancel = NOTHING;
    const travel = () => {
      if (link.conditions.isCut) {
        this.#waiting.add(travel);
        cancel = () => this.#waiting.delete(travel);
        return;
      }
      const latencyMs = this.latencyMs(link);
      if (latencyMs === 0) {
        arrived();
        return;
      }
      const timer = this.#clock.setTimer(latencyMs, () => {
        if (link.conditions.isCut) travel();
        else arrived();
      });
      cancel = () => timer.cancel();
    };
    travel();
    return () => cancel();
  }

  /** Calls back each time that the conditions of links have changed; the returned function ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly #listeners = new Set<() => void>();

  #evaluate(from: string, to: string): LinkConditions {
    const conditions = { ...GOOD, latencyMs: this.#latencyMs };
    for (const disturbance of this.#disturbances) {
      if (concerns(disturbance, from, to)) {
        Object.assign(conditions, disturbance.change);
      }
    }
    return conditions;
  }

  #changed(): void {
    for (const link of this.#links.values()) link.forget();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const travel of waiting) travel();
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener();
  }
}

function concerns(disturbance: Disturbance, from: string, to: string): boolean {
  if (from === to) return disturbance.from === from && disturbance.to === to;
  return matches(disturbance.from, from) && matches(disturbance.to, to);
}

function matches(pattern: string, party: string): boolean {
  return pattern === '*' || pattern === party;
}
