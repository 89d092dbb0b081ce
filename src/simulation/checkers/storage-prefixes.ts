/** Under which keys the store keeps what checkers look at. */

import type { ResourceRef, ResourceRow } from '../../api/resources.ts';
import * as resources from '../../api/resources.ts';
import { prefixOf } from '../../apiserver/registry/registry.ts';

export const PODS_PREFIX = prefixIn(resources.PODS);
export const NODES_PREFIX = prefixIn(resources.NODES);
export const REPLICA_SETS_PREFIX = prefixIn(resources.REPLICA_SETS);
export const DEPLOYMENTS_PREFIX = prefixIn(resources.DEPLOYMENTS);
export const DISRUPTION_BUDGETS_PREFIX = prefixIn(resources.POD_DISRUPTION_BUDGETS);
export const RESOURCE_QUOTAS_PREFIX = prefixIn(resources.RESOURCE_QUOTAS);
export const SERVICES_PREFIX = prefixIn(resources.SERVICES);
export const IP_ADDRESSES_PREFIX = prefixIn(resources.IP_ADDRESSES);
export const LEASES_PREFIX = prefixIn(resources.LEASES);

function prefixIn(resource: ResourceRef<unknown>): string {
  return prefixOf(resource as ResourceRow, '');
}
