/** Writes what the server finds out about an APIService into its status. */
import type { APIService, APIServiceCondition } from '../../api/generated/apiregistration-v1.ts';
import { API_SERVICES } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { type ApiObject, objectOf, storable } from '../api-object.ts';
import { keyFor } from '../registry/registry.ts';

type Conditions = readonly APIServiceCondition[];

/**
 * One transaction on the newest state; nothing is written when `change` gives back what it got, or when the object is another
 * by now.
 */
export async function writeConditions(
  store: Store,
  { name, uid }: APIService['metadata'],
  change: (service: APIService, conditions: Conditions) => Conditions,
): Promise<void> {
  await store.transact(keyFor({ row: API_SERVICES, namespace: '', name }), (current) => {
    if (current === undefined) return { keep: true };
    const object = objectOf(current);
    if (object.metadata.uid !== uid) return { keep: true };
    const service = object as unknown as APIService;
    const old = service.status?.conditions ?? [];
    const conditions = change(service, old);
    if (conditions === old) return { keep: true };
    const next = { ...object, status: { ...object.status, conditions } };
    return { put: storable(next as unknown as ApiObject) };
  });
}
