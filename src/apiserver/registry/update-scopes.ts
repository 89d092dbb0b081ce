/**
 * Which part of an object a write may change, by subresource: everything else is taken over from the stored object.
 * `''` is the object itself, whose status (where there is a status subresource) is not the client's.
 */
import type { ResourceRow } from '../../api/resources.ts';
import type { ApiObject, Fields } from '../api-object.ts';
import { hasStatus, strategyOf } from './strategies.ts';

type Scope = (object: ApiObject, old: ApiObject, row: ResourceRow) => void;

const SCOPES: Readonly<Record<string, Scope>> = {
  ''(object, old, row) {
    if (!hasStatus(row)) return;
    if (old.status === undefined) delete object.status;
    else object.status = old.status;
  },
  status(object, old, row) {
    restoreExcept(object, old, 'status');
    const { metadata } = object;
    setOrDelete(metadata, 'ownerReferences', old.metadata.ownerReferences);
    setOrDelete(metadata, 'finalizers', old.metadata.finalizers);
    if (strategyOf(row).statusKeepsLabels) setOrDelete(metadata, 'labels', old.metadata.labels);
  },
  approval(object, old) {
    const conditions = object.status?.['conditions'];
    restoreExcept(object, old, 'status');
    object.status = { ...old.status, ...(conditions === undefined ? {} : { conditions }) };
  },
  finalize(object, old) {
    const finalizers = object.spec?.['finalizers'];
    restoreExcept(object, old, 'spec');
    object.spec = { ...old.spec, ...(finalizers === undefined ? {} : { finalizers }) };
    if (finalizers === undefined) delete object.spec['finalizers'];
    object.metadata = { ...old.metadata };
  },
  ephemeralcontainers(object, old) {
    const ephemeralContainers = object.spec?.['ephemeralContainers'];
    restoreExcept(object, old, 'spec');
    object.spec = { ...old.spec };
    setOrDelete(object.spec, 'ephemeralContainers', ephemeralContainers);
    object.metadata = { ...old.metadata };
  },
  resize(object, old) {
    const wanted = new Map(containersOf(object).map((container) => [container['name'], container]));
    restoreExcept(object, old, 'spec');
    object.spec = {
      ...old.spec,
      containers: containersOf(old).map((container) => resized(container, wanted)),
    };
    object.metadata = { ...old.metadata };
  },
};

/** Takes everything over from `old` that a write through `subresource` may not change. `object` is changed in place. */
export function applyScope(subresource: string, object: ApiObject, old: ApiObject, row: ResourceRow): void {
  SCOPES[subresource]?.(object, old, row);
}

/** Whether `subresource` is written by the generic update, through a scope. */
export function hasScope(subresource: string): boolean {
  return Object.hasOwn(SCOPES, subresource);
}

/** Subresources through which a part of a Pod's spec may change that an update of the Pod may not touch. */
export function changesSpec(subresource: string): boolean {
  return subresource === 'ephemeralcontainers' || subresource === 'resize';
}

function restoreExcept(object: ApiObject, old: ApiObject, kept: string): void {
  for (const field in object) {
    if (field !== kept && field !== 'metadata' && !(field in old)) delete object[field];
  }
  for (const field in old) if (field !== kept && field !== 'metadata') object[field] = old[field];
}

function setOrDelete<T extends object, K extends keyof T>(
  target: T,
  field: K,
  value: T[K] | undefined,
): void {
  if (value === undefined) delete target[field];
  else target[field] = value;
}

function containersOf(pod: ApiObject): Fields[] {
  return (pod.spec?.['containers'] as Fields[] | undefined) ?? [];
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
