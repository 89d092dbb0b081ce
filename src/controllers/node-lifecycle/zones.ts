/**
 * How each zone fares, and how fast its nodes may therefore be emptied. Kept as counts, so that one node's change costs one
 * node's work, however many there are.
 *
 * @see k8s.io/kubernetes/pkg/controller/nodelifecycle ComputeZoneState, handleDisruption
 */
import type { Node } from '../../api/generated/core-v1.ts';
import {
  EVICTION_RATE,
  LARGE_ZONE_SIZE,
  SECONDARY_EVICTION_RATE,
  UNHEALTHY_NODES_MIN,
  UNHEALTHY_ZONE_SHARE,
} from './defaults.ts';
import { readinessOf } from './node-health.ts';

export type ZoneState = 'normal' | 'partial-disruption' | 'full-disruption';

export interface ZoneCount {
  ready: number;
  notReady: number;
}

/** No ready node at all; or at least three, and {@link UNHEALTHY_ZONE_SHARE} of all, not ready. */
export function evaluateZone({ ready, notReady }: ZoneCount): ZoneState {
  if (ready === 0 && notReady > 0) return 'full-disruption';
  const isLargelyDown =
    notReady >= UNHEALTHY_NODES_MIN && notReady / (notReady + ready) >= UNHEALTHY_ZONE_SHARE;
  return isLargelyDown ? 'partial-disruption' : 'normal';
}

/** Nodes per second; a zone that is wholly down goes at the normal rate, for others can take its Pods. */
export function evictionRate(count: ZoneCount): number {
  if (evaluateZone(count) !== 'partial-disruption') return EVICTION_RATE;
  return count.ready + count.notReady > LARGE_ZONE_SIZE ? SECONDARY_EVICTION_RATE : 0;
}

/** Region and zone by the node's labels; nodes without them form one zone. @see nodetopology.GetZoneKey */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const region =
    labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  const zone =
    labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`;
}

interface Membership {
  zone: string;
  isReady: boolean;
}

/** Bounded by the number of nodes. */
export class ZoneCensus {
  readonly #members = new Map<string, Membership>();
  readonly #zones = new Map<string, ZoneCount>();

  /** No zone has a ready node: more likely we, or the network between, are at fault. False while there are no nodes. */
  get isClusterDown(): boolean {
    for (const count of this.#zones.values()) if (evaluateZone(count) !== 'full-disruption') return false;
    return this.#zones.size > 0;
  }

  get zones(): ReadonlyMap<string, ZoneCount> {
    return this.#zones;
  }

  /**
   * Counts the node as it is now. One that never reported is not ready; one that excludes itself
   * from these checks does not count.
   */
  note(node: Node): void {
    this.forget(node.metadata.name);
    const labels = node.metadata.labels ?? {};
    if ('node.kubernetes.io/exclude-disruption' in labels) return;
    const member = { zone: zoneOf(node), isReady: readinessOf(node) === 'True' };
    this.#members.set(node.metadata.name, member);
    this.#count(member, 1);
  }

  forget(nodeName: string): void {
    const member = this.#members.get(nodeName);
    if (member === undefined) return;
    this.#members.delete(nodeName);
    this.#count(member, -1);
  }

  #count({ zone, isReady }: Membership, change: 1 | -1): void {
    const count = this.#zones.get(zone) ?? { ready: 0, notReady: 0 };
    const next = {
      ready: count.ready + (isReady ? change : 0),
      notReady: count.notReady + (isReady ? 0 : change),
    };
    if (next.ready + next.notReady === 0) this.#zones.delete(zone);
    else this.#zones.set(zone, next);
  }
}
