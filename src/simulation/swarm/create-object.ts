/** Creating what a plan holds. */
import { type KubeObject, type NewObject, splitApiVersion } from '../../api/meta.ts';
import { findKind, type ResourceRef } from '../../api/resources.ts';
import { assert } from '../../base/assert.ts';
import { StatusError, type StatusReason } from '../../base/status-error.ts';
import type { PlannedObject } from './plan.ts';
import type { ActionContext } from './user-action.ts';

/** One that exists already is left as it is. */
export async function createObject(
  { client, signal }: Pick<ActionContext, 'client' | 'signal'>,
  object: PlannedObject,
): Promise<void> {
  const creating = client.create(resourceOf(object), object as NewObject<KubeObject>, signal);
  await unless(['AlreadyExists'], creating);
}

/** @throws AssertionError when no such kind is built in */
export function resourceOf({
  apiVersion,
  kind,
}: Pick<KubeObject, 'apiVersion' | 'kind'>): ResourceRef<KubeObject> {
  const { group, version } = splitApiVersion(apiVersion);
  const row = findKind(group, version, kind);
  assert(row !== undefined, `there is no built-in kind ${kind} of ${apiVersion}`);
  return row as ResourceRef<KubeObject>;
}

/** Waits for `request`; that it is refused for one of `reasons` is fine. */
export async function unless(reasons: readonly StatusReason[], request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof StatusError && reasons.includes(error.reason))) throw error;
  }
}
