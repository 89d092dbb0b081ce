/**
 * Empties a namespace that is being deleted, then lets it go: Pods first, so that no Pod outlives what guards it, then
 * everything else; while finalizers hold something, the namespace's conditions say what.
 *
 * The resources are given as data: whatever the API serves in namespaces. What extension API servers hold is asked of them; one
 * that does not answer keeps the namespace, since nobody could ever find what is in it again.
 * @see k8s.io/kubernetes/pkg/controller/namespace/deletion/namespaced_resources_deleter.go
 */
import type { Namespace, Pod } from '../../api/generated/core-v1.ts';
import { type KubeObject, keyOf, namespaceOf, type ObjectList } from '../../api/meta.ts';
import { NAMESPACES, PODS, type ResourceRow } from '../../api/resources.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { CustomKinds } from '../framework/custom-kinds.ts';
import { discoverExtensionKinds } from '../framework/extension-kinds.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { deletionConditions, type RemainingContent } from './conditions.ts';

/** Upstream's --concurrent-namespace-syncs. */
const WORKERS = 10;

/** The finalizer in a namespace's spec that this controller takes off. */
const FINALIZER = 'kubernetes';

/** How soon to look again at what is still there; doubles each time. The end of a Pod brings the key back at once. */
const RECHECK_MS = 200;
const RECHECK_MAX_MS = 15_000;

/** Lists in one go; of a resource with more, these are only the first. */
const LIST_LIMIT = 500;

export function newNamespaceController(
  context: ControllerContext,
  resources: readonly ResourceRow[],
): Controller {
  return new NamespaceController(context, resources).loop;
}

class NamespaceController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;
  readonly #resources: readonly ResourceRow[];
  readonly #custom: CustomKinds;
  /** How often each namespace was found not empty. */
  readonly #rechecks = new Map<string, number>();

  constructor(context: ControllerContext, resources: readonly ResourceRow[]) {
    this.#context = context;
    this.#resources = resources.filter(isDeletedWithNamespace);
    this.#custom = new CustomKinds(context.informers);
    this.#namespaces = context.informers.informer(NAMESPACES);
    const pods: Informer<Pod> = context.informers.informer(PODS);
    this.loop = newWorkerLoop(context, {
      name: 'namespace',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#namespaces, pods, this.#custom.informer],
      resync: { lister: this.#namespaces, intervalMs: DEFAULT_RESYNC_MS },
    });
    const enqueue = (namespace: Namespace) => {
      if (namespace.metadata.deletionTimestamp !== undefined) this.loop.enqueue(keyOf(namespace));
    };
    this.#namespaces.addListener({
      onAdd: enqueue,
      onUpdate: enqueue,
      onDelete: (namespace) => this.#rechecks.delete(keyOf(namespace)),
    });
    pods.addListener({
      onAdd: () => {},
      onUpdate: () => {},
      onDelete: (pod) => {
        const namespace = this.#namespaces.get(namespaceOf(pod));
        if (namespace !== undefined) enqueue(namespace);
      },
    });
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#namespaces.get(key);
    if (cached?.metadata.deletionTimestamp === undefined) return {};
    // Read live: nothing may be deleted by a memory of a namespace that had the same name.
    const namespace = await this.#read(cached, signal);
    if (namespace === undefined || !(namespace.spec.finalizers ?? []).includes(FINALIZER)) return {};
    const terminating = await this.#writeStatus(namespace, undefined, signal);
    const remaining = await this.#deleteContent(key, signal);
    const isKnown = remaining.failures.length === 0 && remaining.unknown.length === 0;
    const isEmpty = remaining.resources.size === 0 && isKnown;
    const reported = await this.#writeStatus(terminating, remaining, signal);
    if (!isEmpty) return { requeueAfterMs: this.#recheckMs(key) };
    const finalizers = (reported.spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    const finalized = { ...reported, spec: { ...reported.spec, finalizers } };
    await this.#context.client
      .updateSubresource(NAMESPACES, finalized, 'finalize', signal)
      .catch(ignoreNotFound);
    return {};
  }

  async #read(cached: Namespace, signal: AbortSignal): Promise<Namespace | undefined> {
    const live = await this.#context.client
      .get(NAMESPACES, { name: cached.metadata.name }, signal)
      .catch(ignoreNotFound);
    const isSame = live?.metadata.uid === cached.metadata.uid;
    return isSame && live.metadata.deletionTimestamp !== undefined ? live : undefined;
  }

  #recheckMs(key: string): number {
    const count = this.#rechecks.get(key) ?? 0;
    this.#rechecks.set(key, count + 1);
    return Math.min(RECHECK_MAX_MS, RECHECK_MS * 2 ** count);
  }

  /** Without `remaining` only the phase. */
  async #writeStatus(
    namespace: Namespace,
    remaining: RemainingContent | undefined,
    signal: AbortSignal,
  ): Promise<Namespace> {
    const current = namespace.status?.conditions ?? [];
    const conditions =
      remaining === undefined ? current : deletionConditions(current, remaining, this.#context.clock.now());
    const isSame =
      namespace.status?.phase === 'Terminating' && JSON.stringify(conditions) === JSON.stringify(current);
    if (isSame) return namespace;
    const status = { ...namespace.status, phase: 'Terminating', conditions };
    return this.#context.client.updateStatus(NAMESPACES, { ...namespace, status }, signal);
  }

  async #deleteContent(namespace: string, signal: AbortSignal): Promise<RemainingContent> {
    const content: Content = { resources: new Map(), finalizers: new Map(), failures: [], unknown: [] };
    const pods = this.#resources.filter((row) => row.kind === 'Pod' && row.group === '');
    for (const row of pods) await this.#deleteAll(row, namespace, content, signal);
    // What serves the Pods (their ConfigMaps, their accounts) stays until they have ended.
    if (content.resources.size > 0 || content.failures.length > 0) return content;
    const custom = this.#custom.rows().filter((row) => row.namespaced);
    const extensions = await discoverExtensionKinds(this.#context.client, signal);
    content.unknown.push(...extensions.unknown);
    const theirs = extensions.rows.filter(isEmptiedWithNamespace);
    const others = [...this.#resources.filter((row) => !pods.includes(row)), ...custom, ...theirs];
    await Promise.all(others.map((row) => this.#deleteAll(row, namespace, content, signal)));
    return content;
  }

  /** One kind that cannot be deleted must not keep the others: it is reported and tried again. */
  async #deleteAll(
    row: ResourceRow,
    namespace: string,
    content: Content,
    signal: AbortSignal,
  ): Promise<void> {
    const left = await this.#deleteKind(row, namespace, signal).catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
      content.failures.push(`${row.resource}.${row.group}: ${error.message}`);
      return undefined;
    });
    if (left === undefined || left.items.length === 0) return;
    const count = left.items.length + (left.metadata.remainingItemCount ?? 0);
    content.resources.set(`${row.resource}.${row.group}`, count);
    for (const finalizer of left.items.flatMap((item) => item.metadata.finalizers ?? [])) {
      content.finalizers.set(finalizer, (content.finalizers.get(finalizer) ?? 0) + 1);
    }
  }

  /** @returns what is left, the first of it */
  async #deleteKind(
    row: ResourceRow,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ObjectList<KubeObject>> {
    const { client } = this.#context;
    const list = () => client.list<KubeObject>(row, { namespace, limit: LIST_LIMIT }, signal);
    const before = await list();
    if (before.items.length === 0) return before;
    const options = { propagationPolicy: 'Background' } as const;
    if (row.verbs.includes('deletecollection')) {
      await client.deleteCollection<KubeObject>(row, { namespace }, options, signal);
      return list();
    }
    for (const { metadata } of before.items) {
      const target = { namespace, name: metadata.name };
      await client.delete<KubeObject>(row, target, options, signal).catch(ignoreNotFound);
    }
    return list();
  }
}

interface Content extends RemainingContent {
  resources: Map<string, number>;
  finalizers: Map<string, number>;
  failures: string[];
  unknown: string[];
}

/** Of an extension, which may know no deletion of many at once. */
function isEmptiedWithNamespace({ namespaced, verbs }: ResourceRow): boolean {
  return namespaced && verbs.includes('list') && verbs.includes('delete');
}

function isDeletedWithNamespace(row: ResourceRow): boolean {
  return (
    row.namespaced &&
    !row.virtual &&
    row.verbs.includes('list') &&
    row.verbs.includes('deletecollection') &&
    `${row.group === '' ? '' : `${row.group}/`}${row.version}` === row.storageGroupVersion
  );
}

function ignoreNotFound(error: unknown): undefined {
  if (!hasReason(error, 'NotFound')) throw error;
}
