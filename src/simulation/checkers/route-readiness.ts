/**
 * No node routes to a Pod that has not been ready for {@link PROPAGATION_MS}: the time that the endpoint slice, its watch
 * and the proxy may take. It counts only where the node and the control plane were calm; a Pod that terminates and still
 * serves may be routed to, marked so, when nothing better is left.
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { isPodActive, isPodReady } from '../../api/pod-conditions.ts';
import { SERVICES } from '../../api/resources.ts';
import type { RouteEndpoint, ServicePortRoute } from '../../network/dataplane.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { DueQueue } from './due-queue.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

const PROPAGATION_MS = 5000;

export const newRouteReadinessChecker: CheckerFactory = (cluster, report) => {
  const book = new ReadinessBook(cluster, report);
  return {
    onEvent(event) {
      book.judgeDue(event.atMs);
      if (event.kind === 'commit' && event.key.startsWith(PODS_PREFIX)) book.onPod(event, event.atMs);
    },
  };
};

/** Since when a Pod takes no traffic: a new one each time that it stops doing so, or that it answers or not on its way out. */
interface Unready {
  readonly uid: string;
  readonly key: string;
  readonly ip: string;
  /** Still answers, on its way out. */
  readonly serves: boolean;
  readonly sinceMs: number;
}

class ReadinessBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** By Pod. Bounded by the Pods that exist, and those that went lately. */
  readonly #unready = new Map<string, Unready>();
  readonly #due = new DueQueue<Unready>(PROPAGATION_MS);

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  onPod({ type, object }: ObjectCommitted, nowMs: number): void {
    const pod = object as unknown as Pod;
    const { uid } = pod.metadata;
    const isTaking = type === 'put' && takesTraffic(pod);
    if (isTaking) {
      this.#unready.delete(uid);
      return;
    }
    const serves = type === 'put' && isPodReady(pod);
    const known = this.#unready.get(uid);
    if (known !== undefined && known.serves !== serves) this.#stop({ ...known, serves, sinceMs: nowMs });
    const before = this.#cluster.pods.get(uid);
    const ip = before?.status?.podIP;
    if (before === undefined || !takesTraffic(before) || ip === undefined) return;
    this.#stop({ uid, key: keyOf(pod), ip, serves, sinceMs: nowMs });
  }

  #stop(unready: Unready): void {
    this.#unready.set(unready.uid, unready);
    this.#due.add(unready, unready.sinceMs);
  }

  judgeDue(nowMs: number): void {
    const due: Unready[] = [];
    this.#due.takeDue(nowMs, (unready) => {
      if (this.#unready.get(unready.uid) === unready) due.push(unready);
    });
    if (due.length > 0) this.#judge(due, nowMs);
  }

  #judge(due: readonly Unready[], nowMs: number): void {
    const { world, calm } = this.#cluster;
    const byKey = new Map(due.map((unready) => [unready.key, unready]));
    const early = new Set<Unready>();
    for (const [node, { routes }] of world.nodes) {
      const isCalm = calm.forMs(node) >= STALE_MAX_MS + PROPAGATION_MS;
      for (const route of routes.ports) {
        for (const endpoint of route.endpoints) {
          const unready = byKey.get(endpoint.pod);
          if (unready === undefined || unready.ip !== endpoint.ip) continue;
          if (!isCalm) early.add(unready);
          else if (!this.#mayTake(route, endpoint, unready)) this.#accuse(node, route, unready, nowMs);
        }
      }
    }
    for (const unready of due) {
      if (early.has(unready)) this.#due.add(unready, nowMs);
      else if (this.#cluster.pods.get(unready.uid) === undefined) this.#unready.delete(unready.uid);
    }
  }

  #mayTake({ id }: ServicePortRoute, { terminating }: RouteEndpoint, { serves, key }: Unready): boolean {
    if (terminating && serves) return true;
    const namespace = key.slice(0, key.indexOf('/'));
    const service = this.#cluster.world
      .objects(SERVICES, namespace)
      .find((candidate) => namespaceOf(candidate) === namespace && id.startsWith(`${keyOf(candidate)}:`));
    // Without a selector the endpoints are the user's own words.
    return service?.spec.publishNotReadyAddresses === true || service?.spec.selector === undefined;
  }

  #accuse(node: string, { id }: ServicePortRoute, { key, ip, sinceMs }: Unready, nowMs: number): void {
    this.#report(
      `${node} routes ${id} to Pod ${key} (${ip}), which takes no traffic since ${nowMs - sinceMs} ms`,
    );
  }
}

function takesTraffic(pod: Pod): boolean {
  return isPodActive(pod) && isPodReady(pod);
}
