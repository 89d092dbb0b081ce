/**
 * Serves CustomResourceDefinitions: follows them in the store, keeps the catalog of kinds equal to what they say, tells
 * their conditions, and empties what is being deleted.
 *
 *     put ─► names accepted? ─► status ─► rows in the catalog        deletion mark ─► instances deleted ─► finalizer off
 *
 * Invariant: a definition whose status says Established is served.
 */

import { toCustomRows } from '../../api/custom/to-rows.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from '../../api/generated/apiextensions-v1.ts';
import { equalJson } from '../../api/json.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, type ResourceRow } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { hasReason } from '../../base/status-error.ts';
import { type ApiObject, objectOf, storable } from '../api-object.ts';
import { AS_SERVER } from '../ensure-object.ts';
import type { KindCatalog } from '../kinds.ts';
import { deleteObject } from '../registry/delete.ts';
import { keyFor, prefixOf, type Registry } from '../registry/registry.ts';
import { definitionStatus, withCondition } from './definition-status.ts';

/** Holds a definition until its instances are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';
/** Instances with finalizers of their own are looked at again so often. */
const RECHECK_MS = 1000;
/** Deletions that are under way together. */
const BATCH = 50;

const ROW = CUSTOM_RESOURCE_DEFINITIONS as ResourceRow;

export class CustomDefinitions {
  readonly #registry: Registry;
  readonly #catalog: KindCatalog;
  readonly #loadedAt: number;
  readonly #known = new Map<string, CustomResourceDefinition>();

  constructor(registry: Registry, catalog: KindCatalog) {
    this.#registry = registry;
    this.#catalog = catalog;
    this.#loadedAt = registry.store.revision;
    for (const stored of registry.store.list({ prefix: prefixOf(ROW, '') }).objects) {
      this.#serve(toDefinition(objectOf(stored)));
    }
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { store } = this.#registry;
    for (const definition of this.#known.values()) this.#follow(definition, signal);
    for await (const events of store.watch(prefixOf(ROW, ''), this.#loadedAt, signal)) {
      for (const { type, object } of events) {
        const definition = toDefinition(objectOf(object));
        if (type === 'delete') this.#forget(definition, signal);
        else this.#changed(definition, signal);
      }
    }
  }

  #changed(definition: CustomResourceDefinition, signal: AbortSignal): void {
    this.#serve(definition);
    this.#follow(definition, signal);
  }

  #serve(definition: CustomResourceDefinition): void {
    this.#known.set(definition.metadata.name, definition);
    if (isEstablished(definition)) this.#catalog.put(definition);
    else this.#catalog.delete(definition.metadata.name);
  }

  /** Names that it held are free: another definition may have waited for them. */
  #forget({ metadata, spec }: CustomResourceDefinition, signal: AbortSignal): void {
    this.#known.delete(metadata.name);
    this.#catalog.delete(metadata.name);
    for (const other of this.#known.values())
      if (other.spec.group === spec.group) this.#follow(other, signal);
  }

  #follow(definition: CustomResourceDefinition, signal: AbortSignal): void {
    const { deletionTimestamp } = definition.metadata;
    const work = () =>
      deletionTimestamp === undefined ? this.#writeStatus(definition) : this.#empty(definition, signal);
    this.#untilDone(work, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** A store that cannot write now, as one whose disk is full, is asked again. */
  async #untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!hasReason(error, 'ServiceUnavailable', 'TooManyRequests')) throw error;
      }
      await this.#registry.clock.sleep(RECHECK_MS, signal);
    }
  }

  async #writeStatus({ metadata }: CustomResourceDefinition): Promise<void> {
    await this.#edit(metadata.name, (current) => {
      if (current.metadata.deletionTimestamp !== undefined) return current;
      const others = [...this.#known.values()].filter(
        (other) =>
          other.metadata.name !== metadata.name &&
          other.spec.group === current.spec.group &&
          isEstablished(other),
      );
      const names = others.flatMap(({ status }) =>
        status?.acceptedNames === undefined ? [] : [status.acceptedNames],
      );
      const status = definitionStatus(current, names, this.#now());
      const finalizers = current.metadata.finalizers ?? [];
      const isHeld = finalizers.includes(CLEANUP_FINALIZER);
      const held = isHeld
        ? current.metadata
        : { ...current.metadata, finalizers: [...finalizers, CLEANUP_FINALIZER] };
      return { ...current, metadata: held, status };
    });
  }

  /** Deletes what there is of it, then lets it go. */
  async #empty(definition: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
    const { name, finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    const { storage } = toCustomRows(definition);
    await this.#tell(name, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
    for (;;) {
      signal.throwIfAborted();
      const left = this.#registry.store
        .list({ prefix: prefixOf(storage, ''), limit: BATCH })
        .objects.map(objectOf);
      if (left.length === 0) break;
      await Promise.all(left.map((object) => this.#deleteInstance(storage, object)));
      const isStuck = left.every(({ metadata }) => metadata.deletionTimestamp !== undefined);
      if (isStuck) await this.#registry.clock.sleep(RECHECK_MS, signal);
    }
    await this.#edit(name, (current) => {
      const rest = (current.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
      return { ...current, metadata: { ...current.metadata, finalizers: rest } };
    });
  }

  async #deleteInstance(row: ResourceRow, { metadata }: ApiObject): Promise<void> {
    const target = { row, namespace: metadata.namespace ?? '', name: metadata.name! };
    await deleteObject(this.#registry, target, { ...AS_SERVER, options: {} }).catch((error: unknown) => {
      if (!hasReason(error, 'NotFound')) throw error;
    });
  }

  #tell(name: string, status: string, reason: string, message: string): Promise<void> {
    return this.#edit(name, (current) => {
      const verdict = { type: 'Terminating', status, reason, message };
      const conditions = withCondition(current.status?.conditions ?? [], verdict, this.#now());
      return { ...current, status: { ...current.status, conditions } };
    });
  }

  /** One transaction on the newest state; nothing is written when nothing changes, and a free definition goes. */
  async #edit(
    name: string,
    change: (
      current: CustomResourceDefinition,
    ) => CustomResourceDefinition & { status?: CustomResourceDefinitionStatus },
  ): Promise<void> {
    await this.#registry.store.transact(keyFor({ row: ROW, namespace: '', name }), (current) => {
      if (current === undefined) return { keep: true };
      const old = toDefinition(objectOf(current));
      const next = change(old);
      if (equalJson(next, old)) return { keep: true };
      const { deletionTimestamp, finalizers = [] } = next.metadata;
      const isFree = deletionTimestamp !== undefined && finalizers.length === 0;
      const value = storable(next as unknown as ApiObject);
      return isFree ? { delete: true, final: value } : { put: value };
    });
  }

  #now(): string {
    return toTimestamp(this.#registry.clock.now());
  }
}

function toDefinition(object: ApiObject): CustomResourceDefinition {
  return object as unknown as CustomResourceDefinition;
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
}
