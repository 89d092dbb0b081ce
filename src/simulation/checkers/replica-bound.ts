/**
 * A ReplicaSet never has more Pods than it should: no Pod is created while as many as are wanted are active, by what is
 * durable, not by what any cache shows. Terminating and ended Pods do not count, nor do those that were adopted.
 *
 * Allowed beyond: what a controller that dies has on its way. Its successor cannot know of creations that the server has
 * not finished; there are at most as many as were missing at the death.
 * @see k8s.io/kubernetes/pkg/controller/controller_utils.go, expectations: they are lost with their process
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { REPLICA_SETS } from '../../api/resources.ts';
import type { ObjectCommitted, ProcessChanged } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

export const newReplicaBoundChecker: CheckerFactory = (cluster, report) => {
  const book = new ReplicaBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'process') book.onProcess(event, event.atMs);
      else if (event.kind === 'commit' && event.key.startsWith(PODS_PREFIX)) book.onPod(event, event.atMs);
    },
  };
};

/** Creations that a dead controller may have left behind. */
interface LeftBehind {
  count: number;
  untilMs: number;
}

class ReplicaBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** Active Pods by the ReplicaSet for which they were made. */
  readonly #active = new Map<string, Set<string>>();
  readonly #leftBehind = new Map<string, LeftBehind>();

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    for (const pod of cluster.pods.all()) {
      const owner = replicaSetOf(pod);
      if (owner !== undefined && isPodActive(pod)) this.#activeOf(owner.uid).add(pod.metadata.uid);
    }
  }

  onPod({ type, object }: ObjectCommitted, nowMs: number): void {
    const pod = object as unknown as Pod;
    const owner = replicaSetOf(pod);
    if (owner === undefined) return;
    const { uid } = pod.metadata;
    const active = this.#activeOf(owner.uid);
    if (type === 'delete' || !isPodActive(pod)) {
      active.delete(uid);
      if (active.size === 0) this.#active.delete(owner.uid);
    } else if (this.#cluster.pods.get(uid) === undefined) {
      active.add(uid);
      this.#judge(pod, owner, active.size, nowMs);
    }
  }

  /** A controller dies, and the server with what it works on lives on. */
  onProcess({ process, what }: ProcessChanged, nowMs: number): void {
    const isEnd = what === 'killed' || what === 'broken' || what === 'stopped';
    if (!isEnd || !process.endsWith('/controllers')) return;
    const existing = this.#cluster.world.objects(REPLICA_SETS).map(({ metadata }) => metadata.uid);
    for (const uid of new Set([...existing, ...this.#active.keys()])) {
      const size = this.#active.get(uid)?.size ?? 0;
      const missing = (this.#cluster.scale.most(uid, nowMs) ?? 0) - size;
      const before = this.#leftBehindOf(uid, nowMs);
      if (missing > 0) this.#leftBehind.set(uid, { count: before + missing, untilMs: nowMs + STALE_MAX_MS });
    }
  }

  #judge(pod: Pod, owner: OwnerReference, size: number, nowMs: number): void {
    const wanted = this.#cluster.scale.most(owner.uid, nowMs) ?? 0;
    if (size <= wanted + this.#leftBehindOf(owner.uid, nowMs)) return;
    const { namespace = '', name } = pod.metadata;
    this.#report(
      `ReplicaSet ${namespace}/${owner.name} wants ${wanted} Pods, and has ${size} active with the new ${name}`,
    );
  }

  #leftBehindOf(uid: string, nowMs: number): number {
    const left = this.#leftBehind.get(uid);
    if (left === undefined || left.untilMs >= nowMs) return left?.count ?? 0;
    this.#leftBehind.delete(uid);
    return 0;
  }

  #activeOf(uid: string): Set<string> {
    let active = this.#active.get(uid);
    if (active === undefined) {
      active = new Set();
      this.#active.set(uid, active);
    }
    return active;
  }
}

function replicaSetOf(pod: Pod): OwnerReference | undefined {
  const owner = controllerOf(pod);
  return owner?.kind === 'ReplicaSet' ? owner : undefined;
}
