/**
 * A ReplicaSet never has more Pods than it should: no Pod is created while as many as are wanted are active, by what is
 * durable, not by what any cache shows. Terminating and ended Pods do not count, nor do those that were adopted.
 *
 * Allowed beyond: what a controller that dies has on its way. Its successor cannot know of creations that the server has
 * not finished; there are at most as many as were missing at the death.
 * @see k8s.io/kubernetes/pkg/controller/controller_utils.go, expectations: they are lost with their process
 */
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { REPLICA_SETS } from '../../api/resources.ts';
import type { ObjectCommitted, ProcessChanged } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { DueQueue } from './due-queue.ts';
import { HeldBound, STALE_MAX_MS } from './held-bound.ts';
import { PODS_PREFIX, REPLICA_SETS_PREFIX } from './storage-prefixes.ts';

/** Long enough for whoever still believes in a ReplicaSet that is gone. */
const FORGET_AFTER_MS = 30 * 60_000;

interface Replicas {
  readonly name: string;
  readonly wanted: HeldBound;
  /** Active Pods that were made for it, by uid. */
  readonly active: Set<string>;
  /** Creations that a dead controller may have left behind. */
  leftBehind: { count: number; untilMs: number };
}

export const newReplicaBoundChecker: CheckerFactory = (cluster, report) => {
  const book = new ReplicaBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'process') book.onProcess(event, event.atMs);
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(PODS_PREFIX)) book.onPod(event, event.atMs);
      else if (event.key.startsWith(REPLICA_SETS_PREFIX)) book.onReplicaSet(event, event.atMs);
    },
  };
};

class ReplicaBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** By uid of the ReplicaSet. */
  readonly #sets = new Map<string, Replicas>();
  readonly #gone = new DueQueue<string>(FORGET_AFTER_MS);

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    for (const rs of cluster.world.objects(REPLICA_SETS)) {
      const { active } = this.#add(rs);
      for (const [uid, pod] of cluster.pods.controlledBy(rs.metadata.uid))
        if (isPodActive(pod)) active.add(uid);
    }
  }

  onReplicaSet({ type, object }: ObjectCommitted, nowMs: number): void {
    const rs = object as unknown as ReplicaSet;
    const { uid } = rs.metadata;
    if (type === 'delete') this.#gone.add(uid, nowMs);
    else (this.#sets.get(uid) ?? this.#add(rs)).wanted.set(rs.spec.replicas ?? 1, nowMs);
    this.#gone.takeDue(nowMs, (old) => this.#sets.delete(old));
  }

  onPod({ type, object }: ObjectCommitted, nowMs: number): void {
    const pod = object as unknown as Pod;
    const owner = controllerOf(pod);
    const replicas = owner === undefined ? undefined : this.#sets.get(owner.uid);
    if (replicas === undefined) return;
    const { uid } = pod.metadata;
    if (type === 'delete' || !isPodActive(pod)) replicas.active.delete(uid);
    else if (this.#cluster.pods.get(uid) === undefined) {
      replicas.active.add(uid);
      this.#judge(replicas, pod, nowMs);
    }
  }

  /** A controller dies, and the server with what it works on lives on. */
  onProcess({ process, what }: ProcessChanged, nowMs: number): void {
    const isEnd = what === 'killed' || what === 'broken' || what === 'stopped';
    if (!isEnd || !process.endsWith('/controllers')) return;
    for (const replicas of this.#sets.values()) {
      const missing = replicas.wanted.at(nowMs) - replicas.active.size;
      const before = replicas.leftBehind.untilMs >= nowMs ? replicas.leftBehind.count : 0;
      if (missing > 0) replicas.leftBehind = { count: before + missing, untilMs: nowMs + STALE_MAX_MS };
    }
  }

  #judge({ name, wanted, active, leftBehind }: Replicas, pod: Pod, nowMs: number): void {
    const allowed = wanted.at(nowMs);
    const extra = leftBehind.untilMs >= nowMs ? leftBehind.count : 0;
    if (active.size > allowed + extra) {
      this.#report(
        `ReplicaSet ${name} wants ${allowed} Pods and has ${active.size} active with ${pod.metadata.name}`,
      );
    }
  }

  #add({ metadata, spec }: ReplicaSet): Replicas {
    const replicas = {
      name: `${metadata.namespace ?? ''}/${metadata.name}`,
      wanted: new HeldBound(this.#cluster.calm, Math.max, spec.replicas ?? 1),
      active: new Set<string>(),
      leftBehind: { count: 0, untilMs: 0 },
    };
    this.#sets.set(metadata.uid, replicas);
    return replicas;
  }
}
