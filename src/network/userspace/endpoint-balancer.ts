/**
 * Decides in which order the endpoints of one Service port are tried for a client: round robin, or the client's own
 * endpoint first under ClientIP affinity. An endpoint that failed moments ago goes last, so that one dead Pod does not
 * delay each n-th connection until its EndpointSlice says so.
 *
 * A client without an endpoint yet gets the one with the highest hash of client and endpoint: two proxies on one
 * machine that share a listening port agree on it without talking to each other.
 *
 * Invariant: an order holds each current endpoint at most once, and no other.
 */
import type { Clock } from '../../base/clock.ts';
import type { RouteEndpoint } from '../dataplane.ts';

export interface BalancerLimits {
  demotionMs: number;
  affinityClientsMax: number;
}

interface StickyClient {
  endpointKey: string;
  /** Monotonic; of the last connection. */
  usedAtMs: number;
}

export class EndpointBalancer {
  readonly #clock: Clock;
  readonly #limits: BalancerLimits;
  #endpoints: readonly RouteEndpoint[] = [];
  #affinityMs = 0;
  #next: number;
  /** Endpoint key → monotonic time of its last failure; only endpoints of the current table. */
  readonly #failedAtMs = new Map<string, number>();
  /** Client address → endpoint, in the order of last use: the first is the one silent longest. */
  readonly #sticky = new Map<string, StickyClient>();

  /** @param start  any non-negative integer: where the round begins, so that many proxies do not begin alike */
  constructor(clock: Clock, limits: BalancerLimits, start: number) {
    this.#clock = clock;
    this.#limits = limits;
    this.#next = start;
  }

  /** Takes over a new table row; clients keep endpoints that are still there. */
  update(endpoints: readonly RouteEndpoint[], affinityMs: number): void {
    this.#endpoints = endpoints;
    this.#affinityMs = affinityMs;
    const keys = new Set(endpoints.map(endpointKey));
    for (const key of this.#failedAtMs.keys()) if (!keys.has(key)) this.#failedAtMs.delete(key);
    for (const [client, sticky] of this.#sticky) {
      if (affinityMs === 0 || !keys.has(sticky.endpointKey)) this.#sticky.delete(client);
    }
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0;
  }

  has(endpoint: RouteEndpoint): boolean {
    const key = endpointKey(endpoint);
    return this.#endpoints.some((candidate) => endpointKey(candidate) === key);
  }

  /** The endpoints for a new connection of `client`, best first. */
  order(client: string): RouteEndpoint[] {
    const rotated = this.#affinityMs > 0 ? this.#preferredFirst(client) : this.#rotated();
    return this.#failedLast(rotated);
  }

  /** `endpoint` took a connection of `client`. */
  connected(client: string, endpoint: RouteEndpoint): void {
    this.#failedAtMs.delete(endpointKey(endpoint));
    if (this.#affinityMs === 0) return;
    this.#sticky.delete(client);
    this.#sticky.set(client, { endpointKey: endpointKey(endpoint), usedAtMs: this.#clock.monotonicMs() });
    if (this.#sticky.size > this.#limits.affinityClientsMax) {
      for (const oldest of this.#sticky.keys()) {
        this.#sticky.delete(oldest);
        break;
      }
    }
  }

  /** `endpoint` refused or did not answer. */
  failed(endpoint: RouteEndpoint): void {
    if (this.has(endpoint)) this.#failedAtMs.set(endpointKey(endpoint), this.#clock.monotonicMs());
  }

  #rotated(): RouteEndpoint[] {
    const count = this.#endpoints.length;
    if (count === 0) return [];
    const first = this.#next % count;
    this.#next = first + 1;
    return [...this.#endpoints.slice(first), ...this.#endpoints.slice(0, first)];
  }

  #preferredFirst(client: string): RouteEndpoint[] {
    const sticky = this.#sticky.get(client);
    const isFresh = sticky !== undefined && this.#clock.monotonicMs() - sticky.usedAtMs <= this.#affinityMs;
    const ranked = this.#endpoints
      .map((endpoint) => ({
        endpoint,
        key: endpointKey(endpoint),
        weight: hash(`${client}|${endpointKey(endpoint)}`),
      }))
      .sort((a, b) => b.weight - a.weight);
    if (isFresh)
      ranked.sort((a, b) => Number(b.key === sticky.endpointKey) - Number(a.key === sticky.endpointKey));
    return ranked.map(({ endpoint }) => endpoint);
  }

  #failedLast(order: RouteEndpoint[]): RouteEndpoint[] {
    if (this.#failedAtMs.size === 0) return order;
    const now = this.#clock.monotonicMs();
    const isDemoted = (endpoint: RouteEndpoint) => {
      const failedAt = this.#failedAtMs.get(endpointKey(endpoint));
      return failedAt !== undefined && now - failedAt < this.#limits.demotionMs;
    };
    return [...order.filter((endpoint) => !isDemoted(endpoint)), ...order.filter(isDemoted)];
  }
}

export function endpointKey(endpoint: RouteEndpoint): string {
  return `${endpoint.ip}:${endpoint.port}`;
}

/** FNV-1a with a final mix (murmur3's), 32 bits: similar addresses must not give similar weights. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
