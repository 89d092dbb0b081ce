/**
 * What a cluster holds from its first moment: the system namespaces, priority classes, roles, the range of Services' addresses,
 * the `kubernetes` Service, flow schemas and priority levels. Runs at every start before requests are taken; what is there already stays, or is brought up to date.
 *
 * @see kubernetes/kubernetes pkg/controlplane/controller/{systemnamespaces,kubernetesservice}, pkg/registry/rbac/rest
 */

import { equalJson } from '../api/json.ts';
import { splitApiVersion } from '../api/meta.ts';
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  findKind,
  NAMESPACES,
  PRIORITY_CLASSES,
  type ResourceRow,
  SERVICES,
} from '../api/resources.ts';
import { assert } from '../base/assert.ts';
import { hasReason } from '../base/status-error.ts';
import type { ApiObject, Fields } from './api-object.ts';
import { ensureObject } from './ensure-object.ts';
import { ensureFlowControl } from './fairness/bootstrap-objects.ts';
import type { Registry } from './registry/registry.ts';
import { ensureDefaultCidr } from './service-addresses/default-cidr.ts';

export interface BootstrapOptions {
  /** Where clients in the cluster reach this server; what the `kubernetes` Service leads to. */
  advertise: { address: string; port: number };
  /** The port of the `kubernetes` Service; default 443. Where that one cannot be listened on, another. */
  servicePort?: number;
  /** Roles and bindings, in their API form. */
  rbacObjects: readonly unknown[];
}

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const SYSTEM_PRIORITIES: readonly Fields[] = [
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];
const HTTPS_PORT = 443;
const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** Idempotent. Resolves when everything is durable. */
export async function bootstrapCluster(registry: Registry, options: BootstrapOptions): Promise<void> {
  await Promise.all(SYSTEM_NAMESPACES.map((name) => ensure(registry, NAMESPACES, { metadata: { name } })));
  await ensureDefaultCidr(registry);
  await Promise.all([
    ...SYSTEM_PRIORITIES.map((object) => ensure(registry, PRIORITY_CLASSES, object)),
    ...options.rbacObjects.map((object) => ensureRbac(registry, object)),
    ensureKubernetesService(registry, options),
    ensureFlowControl(registry),
  ]);
}

async function ensureRbac(registry: Registry, object: unknown): Promise<void> {
  const { apiVersion, kind } = object as ApiObject;
  const { group, version } = splitApiVersion(apiVersion);
  const row = findKind(group, version, kind);
  assert(row !== undefined, `${apiVersion} ${kind} is not in the table of kinds`);
  await ensureObject(
    registry,
    row,
    object as Fields,
    (stored) => stored.metadata.annotations?.[AUTOUPDATE] === 'true',
  );
}

async function ensureKubernetesService(
  registry: Registry,
  { advertise, servicePort = HTTPS_PORT }: BootstrapOptions,
): Promise<void> {
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const port = { name: 'https', protocol: 'TCP', port: servicePort, targetPort: advertise.port };
  const service = {
    metadata: { ...metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { type: 'ClusterIP', clusterIP: registry.services.firstAddress, ports: [port] },
  };
  // As upstream's, it follows the server's port; the rest of it is left as it is found.
  await ensureObject(
    registry,
    SERVICES,
    service,
    ({ spec }) => !equalJson((spec as Fields)['ports'], [port]),
  ).catch((error: unknown) => {
    // Its address may be taken, or in a range that is being deleted: then a server without it is better than none.
    if (!hasReason(error, 'Invalid')) throw error;
  });
  const endpointPort = { name: 'https', protocol: 'TCP', port: advertise.port };
  const slice = {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [advertise.address], conditions: { ready: true } }],
    ports: [endpointPort],
  };
  await ensureObject(registry, ENDPOINT_SLICES, slice, () => true);
  const endpoints = {
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: advertise.address }], ports: [endpointPort] }],
  };
  await ensureObject(registry, ENDPOINTS, endpoints, () => true);
}

async function ensure(registry: Registry, row: ResourceRow, fields: Fields): Promise<void> {
  await ensureObject(registry, row, fields, () => false);
}
