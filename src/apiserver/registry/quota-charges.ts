/** Quotas are charged by the transaction of what they are charged for. */
import type { ResourceQuota } from '../../api/generated/core-v1.ts';
import { RESOURCE_QUOTAS } from '../../api/resources.ts';
import type { Companion, NewestObjects } from '../../store/store.ts';
import type { AdmissionRequest } from '../admission/admission.ts';
import { chargeQuotas, mayCharge } from '../admission/quota/charge-quotas.ts';
import { type ApiObject, objectOf, storable } from '../api-object.ts';
import { keyFor, prefixOf, type Registry } from './registry.ts';

/**
 * What is written with the object of `request`. A quota that is not durable yet limits nothing yet.
 * @throws StatusError Forbidden
 */
export function quotaCharges(
  { store, clock }: Registry,
  request: AdmissionRequest,
  others: NewestObjects,
): Companion[] {
  if (!mayCharge(request)) return [];
  const { objects } = store.list({ prefix: prefixOf(RESOURCE_QUOTAS, request.namespace) });
  if (objects.length === 0) return [];
  const quotas = objects
    .flatMap(({ key }) => others.get(key) ?? [])
    .map((stored) => objectOf(stored) as unknown as ResourceQuota);
  return chargeQuotas(request, quotas, clock.now()).map((quota) => {
    const { namespace = '', name } = quota.metadata;
    const key = keyFor({ row: RESOURCE_QUOTAS, namespace, name });
    return { key, put: storable(quota as unknown as ApiObject) };
  });
}
