/**
 * Which objects a controller controls: those with its controller reference, plus matching orphans that it adopts, minus
 * those that no longer match, which it releases. The decision is pure; `applyClaims` writes it.
 *
 * @see k8s.io/kubernetes/pkg/controller/controller_ref_manager.go
 */
import type { GroupVersionKind, KubeObject } from '../../api/meta.ts';
import { controllerOf, newControllerRef } from '../../api/owner-references.ts';
import type { ResourceRef } from '../../api/resources.ts';
import type { LabelMatcher } from '../../api/selectors.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';

export interface ClaimPlan<T> {
  /** Already controlled, and still matching. */
  owned: T[];
  adopt: T[];
  release: T[];
}

/**
 * Pure. An owner that is being deleted keeps what it has and neither adopts nor releases; what is being deleted or belongs
 * to another controller is left alone. Order of `candidates` is kept.
 */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  matches: LabelMatcher,
  candidates: readonly T[],
): ClaimPlan<T> {
  const plan: ClaimPlan<T> = { owned: [], adopt: [], release: [] };
  const ownerIsEnding = owner.metadata.deletionTimestamp !== undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    if (controller !== undefined && controller.uid !== owner.metadata.uid) continue;
    const isMatching = matches(candidate.metadata.labels);
    if (controller !== undefined) {
      if (isMatching) plan.owned.push(candidate);
      else if (!ownerIsEnding) plan.release.push(candidate);
    } else if (isMatching && !ownerIsEnding && candidate.metadata.deletionTimestamp === undefined) {
      plan.adopt.push(candidate);
    }
  }
  return plan;
}

export interface ClaimContext<O extends KubeObject, T extends KubeObject> {
  client: ApiClient;
  owner: O;
  ownerResource: ResourceRef<O>;
  resource: ResourceRef<T>;
}

/**
 * Adopts and releases, and resolves with everything that is controlled now. An object that vanished meanwhile is dropped.
 *
 * Before the first adoption the owner is read live: a cache that still shows a deleted owner must not collect orphans.
 * @throws StatusError `NotFound` when that owner is gone or another one has its name
 */
export async function applyClaims<O extends KubeObject, T extends KubeObject>(
  context: ClaimContext<O, T>,
  plan: ClaimPlan<T>,
  signal: AbortSignal,
): Promise<T[]> {
  const owned = [...plan.owned];
  if (plan.adopt.length > 0) await assertOwnerIsAlive(context, signal);
  for (const object of plan.adopt) {
    const adopted = await patchOwners(context, object, [adoptionRef(context)], signal);
    if (adopted !== undefined) owned.push(adopted);
  }
  for (const object of plan.release) {
    const removal = { $patch: 'delete', uid: context.owner.metadata.uid };
    await patchOwners(context, object, [removal], signal);
  }
  return owned;
}

function adoptionRef<O extends KubeObject, T extends KubeObject>(context: ClaimContext<O, T>): unknown {
  return newControllerRef(context.owner, context.ownerResource satisfies GroupVersionKind);
}

async function assertOwnerIsAlive<O extends KubeObject, T extends KubeObject>(
  { client, owner, ownerResource }: ClaimContext<O, T>,
  signal: AbortSignal,
): Promise<void> {
  const live = await client.get(ownerResource, owner.metadata, signal);
  const { name, uid } = owner.metadata;
  if (live.metadata.uid !== uid) {
    throw new StatusError(
      'NotFound',
      `original ${ownerResource.kind} ${name} is gone: got uid ${live.metadata.uid}, wanted ${uid}`,
    );
  }
  if (live.metadata.deletionTimestamp !== undefined) {
    throw new StatusError(
      'Conflict',
      `${ownerResource.kind} ${name} has just been deleted and adopts nothing`,
    );
  }
}

/** The uid in the patch is the precondition: a namesake created since answers `Conflict`. */
async function patchOwners<O extends KubeObject, T extends KubeObject>(
  { client, resource }: ClaimContext<O, T>,
  object: T,
  ownerReferences: unknown[],
  signal: AbortSignal,
): Promise<T | undefined> {
  const { name, namespace = '', uid } = object.metadata;
  const body = { metadata: { uid, ownerReferences } };
  return client
    .patch(resource, { name, namespace }, { type: 'strategic', body }, signal)
    .catch((error: unknown) => {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    });
}
