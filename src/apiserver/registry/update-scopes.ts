/**
 * Which part of an object a write may change, by subresource: everything else is taken over from the stored object.
 * `''` is the object itself, whose status (where there is a status subresource) is not the client's.
 */
import type { ResourceRow } from '../../api/resources.ts';
import type { ApiObject, Fields } from '../api-object.ts';
import { hasStatus, strategyOf } from './strategies.ts';

type Scope = (object: ApiObject, old: ApiObject, row: ResourceRow) => ApiObject;

const SCOPES: Readonly<Record<string, Scope>> = {
  ''(object, old, row) {
    if (hasStatus(row)) setOrDelete(object, 'status', old.status);
    return object;
  },
  status({ metadata, status }, old, row) {
    const { statusKeepsLabels, statusKeepsMetadata } = strategyOf(row);
    if (statusKeepsMetadata) {
      for (const field of ['annotations', 'labels'] as const)
        setOrDelete(metadata, field, old.metadata[field]);
    }
    setOrDelete(metadata, 'ownerReferences', old.metadata.ownerReferences);
    setOrDelete(metadata, 'finalizers', old.metadata.finalizers);
    if (statusKeepsLabels) setOrDelete(metadata, 'labels', old.metadata.labels);
    const object = { ...old, metadata };
    setOrDelete(object, 'status', status);
    return object;
  },
  approval({ metadata, status }, old) {
    const conditions = status?.['conditions'];
    return {
      ...old,
      metadata,
      status: { ...old.status, ...(conditions === undefined ? {} : { conditions }) },
    };
  },
  finalize({ spec }, old) {
    const kept: Fields = { ...old.spec };
    setOrDelete(kept, 'finalizers', spec?.['finalizers']);
    return { ...old, metadata: { ...old.metadata }, spec: kept };
  },
  ephemeralcontainers({ spec }, old) {
    const kept: Fields = { ...old.spec };
    setOrDelete(kept, 'ephemeralContainers', spec?.['ephemeralContainers']);
    return { ...old, metadata: { ...old.metadata }, spec: kept };
  },
  resize(object, old) {
    const spec: Fields = { ...old.spec };
    for (const list of ['containers', 'initContainers']) {
      const wanted = new Map(listOf(object, list).map((container) => [container['name'], container]));
      if (spec[list] !== undefined)
        spec[list] = listOf(old, list).map((container) => resized(container, wanted));
    }
    return { ...old, metadata: { ...old.metadata }, spec };
  },
};

/**
 * `object` with everything taken over from `old` that a write through `subresource` may not change. `object` and its
 * metadata may be changed in place.
 */
export function applyScope(
  subresource: string,
  object: ApiObject,
  old: ApiObject,
  row: ResourceRow,
): ApiObject {
  return SCOPES[subresource]?.(object, old, row) ?? object;
}

/** Whether `subresource` is written by the generic update, through a scope. */
export function hasScope(subresource: string): boolean {
  return Object.hasOwn(SCOPES, subresource);
}

/** Subresources through which a part of a Pod's spec may change that an update of the Pod may not touch. */
export function changesSpec(subresource: string): boolean {
  return subresource === 'ephemeralcontainers' || subresource === 'resize';
}

export function setOrDelete<T extends object, K extends keyof T>(
  target: T,
  field: K,
  value: T[K] | undefined,
): void {
  if (value !== undefined) target[field] = value;
  else if (Object.hasOwn(target, field)) delete target[field];
}

function listOf(pod: ApiObject, list: string): Fields[] {
  return (pod.spec?.[list] as Fields[] | undefined) ?? [];
}

function resized(container: Fields, wanted: ReadonlyMap<unknown, Fields>): Fields {
  const change = wanted.get(container['name']);
  if (change === undefined) return container;
  const { resources, resizePolicy } = change;
  return {
    ...container,
    ...(resources === undefined ? {} : { resources }),
    ...(resizePolicy === undefined ? {} : { resizePolicy }),
  };
}
