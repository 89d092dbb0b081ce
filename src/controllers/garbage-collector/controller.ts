/**
 * Deletes what lost its owners, over all resources, those of extension API servers among them: watches feed the ownership graph, changes name the uids to look at,
 * and each look reads the object and its owners live before anything is deleted. At idle nothing is read or walked.
 *
 *     background   the owner is gone: its dependents go
 *     foreground   the owner waits: its dependents go first, then its finalizer `foregroundDeletion` is taken off
 *     orphan       the dependents' references are taken off, then the owner's finalizer `orphan`
 */
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import { type KubeObject, splitApiVersion, toApiVersion } from '../../api/meta.ts';
import { findKind, type ResourceRow } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { ObjectName } from '../../client/api-client.ts';
import type { Informer } from '../../client/informer.ts';
import { type Controller, type ControllerContext, runControllers } from '../framework/controller.ts';
import { CustomKinds } from '../framework/custom-kinds.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import { ExtensionWatches } from './extension-watches.ts';
import {
  FOREGROUND,
  type GraphNode,
  newOwnershipGraph,
  ORPHAN,
  type OwnershipGraph,
} from './ownership-graph.ts';
import { type OwnerState, reconcileDependent } from './reconcile.ts';

/** Upstream's --concurrent-gc-syncs. */
const WORKERS = 20;

export function newGarbageCollector(
  context: ControllerContext,
  resources: readonly ResourceRow[],
): Controller {
  const { loop, extensions } = new GarbageCollector(context, resources);
  const parts = [
    loop,
    { name: `${loop.name}-extensions`, run: (signal: AbortSignal) => extensions.run(signal) },
  ];
  return { name: loop.name, run: (signal) => runControllers(parts, signal) };
}

class GarbageCollector {
  readonly loop: WorkerLoop;
  readonly extensions: ExtensionWatches;
  readonly #context: ControllerContext;
  readonly #graph: OwnershipGraph = newOwnershipGraph((reference) => this.#rowOf(reference));
  readonly #custom: CustomKinds;
  /** Watched already, by group and resource. */
  readonly #watched = new Set<string>();

  constructor(context: ControllerContext, resources: readonly ResourceRow[]) {
    this.#context = context;
    const informers = resources.filter(isCollected).map((row) => this.#watch(row));
    this.#custom = new CustomKinds(context.informers, (row) => this.#watchCustom(row));
    this.extensions = new ExtensionWatches(context, {
      upsert: (row, object) => this.#enqueue(this.#graph.upsert(row, object)),
      remove: (uid) => this.#enqueue(this.#graph.remove(uid)),
      resolve: () => this.#enqueue(this.#graph.resolve()),
    });
    this.loop = newWorkerLoop(context, {
      name: 'garbage-collector',
      workers: WORKERS,
      sync: (uid, signal) => this.#sync(uid, signal),
      informers: [...informers, this.#custom.informer],
    });
  }

  /** A definition that comes back is the same resource: its watch has waited for it. */
  #watchCustom(row: ResourceRow): void {
    const id = `${row.resource}.${row.group}`;
    if (this.#watched.has(id)) return;
    this.#watched.add(id);
    this.#watch(row);
    // Owners of the kind may have been referred to before, or be gone already.
    this.#enqueue(this.#graph.resolve());
  }

  #enqueue(uids: readonly string[]): void {
    for (const uid of uids) this.loop.enqueue(uid);
  }

  #rowOf({ apiVersion, kind }: OwnerReference): ResourceRow | undefined {
    const { group, version } = splitApiVersion(apiVersion);
    return (
      findKind(group, version, kind) ??
      this.#custom.find(group, version, kind) ??
      this.extensions.find(group, version, kind)
    );
  }

  #watch(row: ResourceRow): Informer<KubeObject> {
    const informer = this.#context.informers.informer<KubeObject>(row);
    informer.addListener({
      onAdd: (object) => this.#enqueue(this.#graph.upsert(row, object)),
      onUpdate: (object) => this.#enqueue(this.#graph.upsert(row, object)),
      onDelete: (object) => this.#enqueue(this.#graph.remove(object.metadata.uid)),
    });
    return informer;
  }

  async #sync(uid: string, signal: AbortSignal): Promise<SyncResult> {
    const node = this.#graph.get(uid);
    if (node === undefined || node.row === undefined) return {};
    if (node.isOrphaning) {
      await this.#orphanDependents(node, signal);
      return {};
    }
    const object = await this.#readLive(node, signal);
    if (object === undefined) {
      for (const affected of this.#graph.remove(uid)) this.loop.enqueue(affected);
      return {};
    }
    const isWaiting = isWaitingForDependents(object);
    if (isWaiting) return this.#finishForeground(node, object, signal);
    if (object.metadata.deletionTimestamp === undefined) await this.#collect(node, object, signal);
    return {};
  }

  /** The object of this uid as the server has it now; another one of the same name is none. */
  async #readLive(node: GraphNode, signal: AbortSignal): Promise<KubeObject | undefined> {
    if (node.row === undefined) return undefined;
    const live = await this.#read(node.row, targetOf(node), signal);
    return live?.metadata.uid === node.uid ? live : undefined;
  }

  /** `undefined` for what is known to be gone; what cannot be asked throws, and is asked again. */
  async #read(row: ResourceRow, target: ObjectName, signal: AbortSignal): Promise<KubeObject | undefined> {
    const live = await this.#context.client.get<KubeObject>(row, target, signal).catch(ignoreNotFound);
    if (live === undefined) await this.extensions.assertServed(row, signal);
    return live;
  }

  async #collect(node: GraphNode, object: KubeObject, signal: AbortSignal): Promise<void> {
    const owners = new Map<string, OwnerState>();
    for (const reference of object.metadata.ownerReferences ?? []) {
      owners.set(reference.uid, await this.#stateOf(reference, node, signal));
    }
    const dependents = [...node.dependents].map((dependent) => ({
      isWaiting: dependent.isWaitingForDependents,
    }));
    const plan = reconcileDependent(object, owners, dependents);
    if (plan.action === 'keep') return;
    if (plan.action === 'dropReferences') {
      await this.#dropReferences(node, plan.uids, signal);
      return;
    }
    const { uid, resourceVersion } = object.metadata;
    if (plan.unblock.length > 0) await this.#unblock(node, object, plan.unblock, signal);
    // With the version, so that an owner that was added since is not overlooked.
    const preconditions = plan.unblock.length > 0 ? { uid } : { uid, resourceVersion };
    const { propagationPolicy } = plan;
    await this.#context.client
      .delete<KubeObject>(node.row!, targetOf(node), { propagationPolicy, preconditions }, signal)
      .catch(ignoreNotFound);
  }

  /** A reference that cannot be followed (an unknown kind, a namespace that a cluster-scoped object has not) holds. */
  async #stateOf(reference: OwnerReference, node: GraphNode, signal: AbortSignal): Promise<OwnerState> {
    const row = this.#rowOf(reference);
    if (row === undefined || (row.namespaced && node.namespace === '')) return 'solid';
    const namespace = row.namespaced ? node.namespace : '';
    const target = { ...(namespace === '' ? {} : { namespace }), name: reference.name };
    const owner = await this.#read(row, target, signal);
    if (owner?.metadata.uid !== reference.uid) return 'gone';
    return isWaitingForDependents(owner) && reference.blockOwnerDeletion === true ? 'waiting' : 'solid';
  }

  /** The owner may go when no dependent is left that blocks it. */
  async #finishForeground(node: GraphNode, object: KubeObject, signal: AbortSignal): Promise<SyncResult> {
    const blocking = [...node.dependents].filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
    if (blocking.length === 0) {
      await this.#dropFinalizer(node, object, FOREGROUND, signal);
      return {};
    }
    for (const dependent of blocking) {
      if (!dependent.isTerminating) this.loop.enqueue(dependent.uid);
    }
    return {};
  }

  async #orphanDependents(node: GraphNode, signal: AbortSignal): Promise<void> {
    await Promise.all(
      [...node.dependents].map((dependent) => this.#dropReferences(dependent, [node.uid], signal)),
    );
    const object = await this.#readLive(node, signal);
    if (object !== undefined) await this.#dropFinalizer(node, object, ORPHAN, signal);
  }

  async #dropFinalizer(
    node: GraphNode,
    object: KubeObject,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { uid, resourceVersion, finalizers = [] } = object.metadata;
    if (!finalizers.includes(finalizer)) return;
    const rest = finalizers.filter((name) => name !== finalizer);
    const body = { metadata: { uid, resourceVersion, finalizers: rest } };
    await this.#patch(node, body, signal);
  }

  /** Read, filtered and written with the version as precondition: custom kinds know no strategic patch. */
  async #dropReferences(node: GraphNode, uids: readonly string[], signal: AbortSignal): Promise<void> {
    const object = await this.#readLive(node, signal);
    const references = object?.metadata.ownerReferences ?? [];
    const ownerReferences = references.filter(({ uid }) => !uids.includes(uid));
    if (object === undefined || ownerReferences.length === references.length) return;
    const { uid, resourceVersion } = object.metadata;
    await this.#patch(node, { metadata: { uid, resourceVersion, ownerReferences } }, signal);
  }

  async #unblock(
    node: GraphNode,
    object: KubeObject,
    uids: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { uid, resourceVersion, ownerReferences = [] } = object.metadata;
    const unblocked = ownerReferences.map((reference) =>
      uids.includes(reference.uid) ? { ...reference, blockOwnerDeletion: false } : reference,
    );
    await this.#patch(node, { metadata: { uid, resourceVersion, ownerReferences: unblocked } }, signal);
  }

  async #patch(node: GraphNode, body: unknown, signal: AbortSignal): Promise<void> {
    if (node.row === undefined) return;
    await this.#context.client
      .patch<KubeObject>(node.row, targetOf(node), { type: 'merge', body }, signal)
      .catch(ignoreNotFound);
  }
}

function isWaitingForDependents({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND);
}

function targetOf({ namespace, name }: GraphNode): { namespace?: string; name: string } {
  return namespace === '' ? { name } : { namespace, name };
}

/** Each stored object once, in the version that is stored; Events own nothing and are many. */
function isCollected(row: ResourceRow): boolean {
  return (
    !row.virtual &&
    row.resource !== 'events' &&
    ['list', 'watch', 'delete', 'patch'].every((verb) => row.verbs.includes(verb as never)) &&
    toApiVersion(row.group, row.version) === row.storageGroupVersion
  );
}

function ignoreNotFound(error: unknown): undefined {
  if (!hasReason(error, 'NotFound')) throw error;
}
