/**
 * How many Pods each Deployment and ReplicaSet wants, and what somebody with a stale copy may still believe. An owner that
 * is gone is remembered for a while: whoever has not heard of it goes on working for it.
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../../api/resources.ts';
import type { World } from '../world/world.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { CalmTime } from './calm-time.ts';
import { DueQueue } from './due-queue.ts';
import { HeldBound } from './held-bound.ts';
import { DEPLOYMENTS_PREFIX, REPLICA_SETS_PREFIX } from './storage-prefixes.ts';

const FORGET_AFTER_MS = 30 * 60_000;

interface Wanted {
  /** The uid of the Deployment that a ReplicaSet is of, or its own; an owner that is gone works for nobody. */
  workload: string;
  readonly most: HeldBound;
  readonly least: HeldBound;
}

export class WantedScale {
  readonly #calm: CalmTime;
  /** By uid. */
  readonly #wanted = new Map<string, Wanted>();
  readonly #gone = new DueQueue<string>(FORGET_AFTER_MS);

  constructor(world: World, calm: CalmTime) {
    this.#calm = calm;
    const nowMs = world.clock.now();
    for (const owner of [...world.objects(DEPLOYMENTS), ...world.objects(REPLICA_SETS)])
      this.#set(owner, nowMs);
  }

  /** The most that `uid` may be believed to want; `undefined` for an owner that never was. */
  most(uid: string, nowMs: number): number | undefined {
    return this.#wanted.get(uid)?.most.at(nowMs);
  }

  least(uid: string, nowMs: number): number | undefined {
    return this.#wanted.get(uid)?.least.at(nowMs);
  }

  /** The uid of whoever says how many Pods the owner `uid` is to have: a ReplicaSet's Deployment, and else the owner itself. */
  workloadOf(uid: string): string {
    return this.#wanted.get(uid)?.workload ?? uid;
  }

  onCommit({ key, type, object }: ObjectCommitted, nowMs: number): void {
    if (!key.startsWith(REPLICA_SETS_PREFIX) && !key.startsWith(DEPLOYMENTS_PREFIX)) return;
    const owner = object as unknown as Deployment | ReplicaSet;
    this.#gone.takeDue(nowMs, (uid) => this.#wanted.delete(uid));
    if (type === 'delete') this.#forget(owner.metadata.uid, nowMs);
    else this.#set(owner, nowMs);
  }

  /** Whoever has heard of it counts nothing of it. */
  #forget(uid: string, nowMs: number): void {
    const known = this.#wanted.get(uid);
    known?.least.set(0, nowMs);
    if (known !== undefined) known.workload = uid;
    this.#gone.add(uid, nowMs);
  }

  #set(owner: Deployment | ReplicaSet, nowMs: number): void {
    const { metadata, spec } = owner;
    const replicas = spec.replicas ?? 1;
    const workload = controllerOf(owner)?.uid ?? metadata.uid;
    const known = this.#wanted.get(metadata.uid);
    known?.most.set(replicas, nowMs);
    known?.least.set(replicas, nowMs);
    if (known !== undefined) {
      known.workload = workload;
      return;
    }
    const most = new HeldBound(this.#calm, Math.max, replicas);
    const least = new HeldBound(this.#calm, Math.min, replicas);
    this.#wanted.set(metadata.uid, { workload, most, least });
  }
}
