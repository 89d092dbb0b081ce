/**
 * The ServiceCIDR `kubernetes`: the range that the cluster was configured with. Made at start, and again when it is gone; one
 * that is there is left as it is found.
 *
 * @see kubernetes/kubernetes pkg/controlplane/controller/defaultservicecidr
 */
import { SERVICE_CIDRS } from '../../api/resources.ts';
import { DEFAULT_SERVICE_CIDR, SERVICE_CIDR_FINALIZER } from '../../api/service-addresses.ts';
import { toTimestamp } from '../../base/clock.ts';
import { ensureObject } from '../ensure-object.ts';
import type { Registry } from '../registry/registry.ts';

export async function ensureDefaultCidr(registry: Registry): Promise<void> {
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: toTimestamp(registry.clock.now()),
  };
  const cidr = {
    metadata: { name: DEFAULT_SERVICE_CIDR, finalizers: [SERVICE_CIDR_FINALIZER] },
    spec: { cidrs: [registry.services.defaultRange] },
    status: { conditions: [ready] },
  };
  await ensureObject(registry, SERVICE_CIDRS, cidr, () => false);
}
