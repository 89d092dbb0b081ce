/**
 * How many Pods the owners of a budget's Pods want in all. Pure.
 *
 * The owner that counts is the one with the scale: a ReplicaSet's Deployment, not the ReplicaSet, of which a rollout has
 * several at once.
 *
 * @see k8s.io/kubernetes/pkg/controller/disruption/disruption.go getExpectedScale and its finders
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import { splitApiVersion } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { findKind } from '../../api/resources.ts';

/** An object with `spec.replicas`, as caches have it. */
export interface ScaledOwner {
  uid: string;
  replicas: number;
  /** What controls it in turn. */
  controller: OwnerReference | undefined;
}

/** The owner that `reference` names, with that uid; `undefined` when it is gone or has no scale. */
export type OwnerLookup = (reference: OwnerReference) => ScaledOwner | undefined;

export type ExpectedScale =
  | { kind: 'known'; replicas: number; unmanaged: readonly Pod[] }
  | { kind: 'unknown'; message: string };

/** Owners are counted once each. Pods without a controller are `unmanaged`, and add nothing. */
export function evaluateScale(pods: readonly Pod[], ownerOf: OwnerLookup): ExpectedScale {
  const scales = new Map<string, number>();
  const looked = new Set<string>();
  const unmanaged: Pod[] = [];
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) {
      unmanaged.push(pod);
      continue;
    }
    if (looked.has(reference.uid)) continue;
    looked.add(reference.uid);
    const owner = ownerOf(reference);
    if (owner === undefined) return { kind: 'unknown', message: notFound(pod, reference) };
    const above = owner.controller === undefined ? undefined : ownerOf(owner.controller);
    const scaled = above ?? owner;
    scales.set(scaled.uid, scaled.replicas);
  }
  let replicas = 0;
  for (const scale of scales.values()) replicas += scale;
  return { kind: 'known', replicas, unmanaged };
}

function notFound(pod: Pod, { apiVersion, kind }: OwnerReference): string {
  const { group, version } = splitApiVersion(apiVersion);
  const row = findKind(group, version, kind);
  const isScalable = row === undefined || row.subresources.some(({ name }) => name === 'scale');
  if (isScalable) return `found no controllers for pod "${pod.metadata.name}"`;
  const resource = group === '' ? row.resource : `${row.resource}.${group}`;
  return `${resource} does not implement the scale subresource`;
}
