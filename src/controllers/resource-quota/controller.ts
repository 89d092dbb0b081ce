/**
 * Keeps the status of every ResourceQuota true. Admission charges what is created; this controller gives back what is gone,
 * counts what was there before the quota, and takes over a changed spec.
 *
 *     something was deleted, or counts for less ─► the caches say otherwise than the status? ─► count live ─► write
 *
 * Invariant: a status is written on the version that was read before the counting began. Whatever was charged since makes the
 * write a conflict, and whatever was charged before is seen by the count: usage is never understated.
 */
import type { Pod, ResourceQuota } from '../../api/generated/core-v1.ts';
import { type KubeObject, keyOf, namespaceOf, toApiVersion } from '../../api/meta.ts';
import { podReleaseMs } from '../../api/quota/pod-evaluator.ts';
import { PODS, RESOURCE_QUOTAS, type ResourceRow } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { CustomKinds } from '../framework/custom-kinds.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import {
  type CountedKind,
  countedKinds,
  type Inventory,
  isNumberEnough,
  isOfConsequence,
  reconcileQuota,
} from './reconcile.ts';

/** Upstream's --concurrent-resource-quota-syncs. */
const WORKERS = 5;

/** Upstream's --resource-quota-sync-period. */
const RECOUNT_MS = 5 * 60_000;

/** After creations the caches are looked at again, once they have caught up. */
const LOOK_AGAIN_MS = 5000;

export function newResourceQuotaController(
  context: ControllerContext,
  resources: readonly ResourceRow[],
): Controller {
  return new ResourceQuotaController(context, resources).loop;
}

class ResourceQuotaController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #rows: readonly ResourceRow[];
  readonly #quotas: Informer<ResourceQuota>;
  readonly #custom: CustomKinds;
  /** By group and resource: what is watched. */
  readonly #watched = new Map<string, Informer<KubeObject>>();

  constructor(context: ControllerContext, resources: readonly ResourceRow[]) {
    this.#context = context;
    this.#quotas = context.informers.informer(RESOURCE_QUOTAS);
    this.#rows = resources.filter(isCountable);
    for (const row of this.#rows) this.#watch(row);
    this.#custom = new CustomKinds(context.informers, (row) => this.#watchCustom(row));
    this.loop = newWorkerLoop(context, {
      name: 'resourcequota',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#quotas, this.#custom.informer, ...this.#watched.values()],
      resync: { lister: this.#quotas, intervalMs: RECOUNT_MS },
    });
    this.#quotas.addListener({
      onAdd: (quota) => this.loop.enqueue(keyOf(quota)),
      // The status is written by admission and here.
      onUpdate: (quota, previous) => {
        if (JSON.stringify(quota.spec) !== JSON.stringify(previous.spec)) this.loop.enqueue(keyOf(quota));
      },
      onDelete: () => {},
    });
  }

  #watch(row: ResourceRow): void {
    const id = idOf(row);
    if (this.#watched.has(id)) return;
    const informer = this.#context.informers.informer<KubeObject>(row);
    this.#watched.set(id, informer);
    informer.addListener({
      onAdd: (object) => this.#added(row, object),
      onUpdate: (object, previous) => this.#changed(row, object, previous),
      onDelete: (object) => this.#changed(row, object, undefined),
    });
  }

  /** What is there already of a kind that is new counts from now on. */
  #watchCustom(row: ResourceRow): void {
    if (!isCountable(row)) return;
    this.#watch(row);
    for (const quota of this.#quotas.list())
      if (countedKinds(quota, [row]).length > 0) this.loop.enqueue(keyOf(quota));
  }

  /** Admission has charged it, unless it came when a limit was just coming into force. */
  #added(row: ResourceRow, object: KubeObject): void {
    for (const quota of this.#quotas.list(namespaceOf(object))) {
      if (countedKinds(quota, [row]).length > 0) this.loop.enqueueAfter(keyOf(quota), LOOK_AGAIN_MS);
    }
  }

  #changed(row: ResourceRow, object: KubeObject, previous: KubeObject | undefined): void {
    const nowMs = this.#context.clock.now();
    const isOver = previous === undefined || (row === PODS && startsToLeave(object, previous));
    for (const quota of this.#quotas.list(namespaceOf(object))) {
      for (const { evaluator } of countedKinds(quota, [row])) {
        const matters = isOver || isOfConsequence(evaluator, quota, { object, previous, nowMs });
        if (matters) this.loop.enqueue(keyOf(quota));
      }
    }
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#quotas.get(key);
    if (cached === undefined) return {};
    const nowMs = this.#context.clock.now();
    const known = this.#cachedInventories(cached);
    if (known !== undefined && reconcileQuota(cached, known, nowMs) === undefined)
      return this.#nextRelease(namespaceOf(cached), nowMs);
    // What was created while a limit came into force was neither charged nor, perhaps, counted: so once more.
    if (await this.#recount(cached, signal)) await this.#recount(cached, signal);
    return this.#nextRelease(namespaceOf(cached), nowMs);
  }

  /** @returns whether limits came into force by it */
  async #recount(cached: ResourceQuota, signal: AbortSignal): Promise<boolean> {
    const { client, clock } = this.#context;
    const { namespace = '', name } = cached.metadata;
    const fieldSelector = `metadata.name=${name}`;
    const { items } = await client.list(RESOURCE_QUOTAS, { namespace, fieldSelector }, signal);
    const quota = items.find((item) => item.metadata.name === name);
    if (quota === undefined) return false;
    const inventories = new Map<CountedKind, Inventory>();
    for (const kind of this.#kindsOf(quota)) inventories.set(kind, await this.#count(kind, quota, signal));
    const status = reconcileQuota(quota, inventories, clock.now());
    if (status === undefined) return false;
    await client.updateStatus(RESOURCE_QUOTAS, { ...quota, status }, signal);
    const inForce = quota.status?.hard ?? {};
    return Object.keys(status.hard ?? {}).some((name) => inForce[name] === undefined);
  }

  async #count(kind: CountedKind, quota: ResourceQuota, signal: AbortSignal): Promise<Inventory> {
    const namespace = namespaceOf(quota);
    const isNumber = isNumberEnough(kind, quota);
    const options = isNumber ? { namespace, limit: 1 } : { namespace };
    const { items, metadata } = await this.#context.client.list<KubeObject>(kind.row, options, signal);
    return isNumber ? items.length + (metadata.remainingItemCount ?? 0) : items;
  }

  /** `undefined` while a cache is not filled. */
  #cachedInventories(quota: ResourceQuota): Map<CountedKind, Inventory> | undefined {
    const inventories = new Map<CountedKind, Inventory>();
    for (const kind of this.#kindsOf(quota)) {
      const informer = this.#watched.get(idOf(kind.row));
      if (informer?.synced !== true) return undefined;
      inventories.set(kind, informer.list(namespaceOf(quota)));
    }
    return inventories;
  }

  #kindsOf(quota: ResourceQuota): CountedKind[] {
    return countedKinds(quota, [...this.#rows, ...this.#custom.rows().filter(isCountable)]);
  }

  /** A Pod that hangs on its way out is given back when its time is over: nothing else will tell. */
  #nextRelease(namespace: string, nowMs: number): SyncResult {
    const pods = this.#watched.get(idOf(PODS))?.list(namespace) ?? [];
    const releases = pods.flatMap((pod) => podReleaseMs(pod as Pod) ?? []).filter((ms) => ms >= nowMs);
    return releases.length === 0 ? {} : { requeueAfterMs: Math.min(...releases) - nowMs + 1 };
  }
}

/** From here on it counts for a time that is known. */
function startsToLeave(pod: KubeObject, previous: KubeObject): boolean {
  return podReleaseMs(pod as Pod) !== podReleaseMs(previous as Pod);
}

function idOf({ group, resource }: ResourceRow): string {
  return `${resource}.${group}`;
}

/** Each stored object once, in the version that is stored. */
function isCountable(row: ResourceRow): boolean {
  return (
    row.namespaced &&
    !row.virtual &&
    row.resource !== 'events' &&
    ['create', 'list', 'watch', 'delete'].every((verb) => row.verbs.includes(verb as never)) &&
    (row.custom !== undefined || toApiVersion(row.group, row.version) === row.storageGroupVersion)
  );
}
