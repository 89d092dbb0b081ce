/**
 * Defaults of Services, configuration, storage and access kinds.
 * @see k8s.io/kubernetes/pkg/apis/{core,discovery,networking,rbac,scheduling,storage}/v1/defaults.go
 */

import { toBase64 } from '../../base/base64.ts';
import type { CustomResourceDefinitionSpec } from '../generated/apiextensions-v1.ts';
import type { APIService } from '../generated/apiregistration-v1.ts';
import type {
  Endpoints,
  LimitRange,
  LimitRangeItem,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
} from '../generated/core-v1.ts';
import type { EndpointSlice } from '../generated/discovery-v1.ts';
import type { IngressClass, NetworkPolicy } from '../generated/networking-v1.ts';
import type { ClusterRoleBinding, RoleBinding } from '../generated/rbac-v1.ts';
import type { PriorityClass } from '../generated/scheduling-v1.ts';
import type { CSIDriver, StorageClass } from '../generated/storage-v1.ts';
import { defaultVolumeSource } from './volume-source.ts';

/** How long a client stays with its endpoint under `sessionAffinity: ClientIP`. */
export const DEFAULT_AFFINITY_SECONDS = 10_800;
const RBAC_GROUP = 'rbac.authorization.k8s.io';

export function defaultService({ spec, status }: Service): void {
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= DEFAULT_AFFINITY_SECONDS;
  }
  spec.type ??= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    port.targetPort ||= port.port;
  }
  const opensNodes = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if (opensNodes || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)) {
    spec.externalTrafficPolicy ??= 'Cluster';
  }
  if (opensNodes || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

/** @see k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/defaults.go */
export function defaultApiService({ spec }: APIService): void {
  if (spec.service !== undefined) spec.service.port ??= 443;
}

export function defaultEndpoints(endpoints: Endpoints): void {
  for (const subset of endpoints.subsets ?? [])
    for (const port of subset.ports ?? []) port.protocol ??= 'TCP';
}

export function defaultEndpointSlice(slice: EndpointSlice): void {
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

export function defaultLimitRange({ spec }: LimitRange): void {
  for (const item of spec.limits ?? []) if (item.type === 'Container') defaultContainerLimits(item);
}

/** An absent limit is the maximum; an absent request is the limit, else the minimum. */
function defaultContainerLimits(item: LimitRangeItem): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

/** Selectors of namespaces find them by name through this label. A status that says no phase says that nothing ends. */
export function defaultNamespace({ metadata, status }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  if (status !== undefined) status.phase ||= 'Active';
}

export function defaultNode({ status }: Node): void {
  if (status?.capacity && status.allocatable === undefined) status.allocatable = { ...status.capacity };
}

export function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque';
  if (secret.stringData === undefined) return;
  secret.data ??= {};
  for (const [key, text] of Object.entries(secret.stringData))
    secret.data[key] = toBase64(new TextEncoder().encode(text));
  delete secret.stringData;
}

export function defaultPersistentVolume(volume: PersistentVolume): void {
  volume.status!.phase ??= 'Pending';
  volume.spec.persistentVolumeReclaimPolicy ??= 'Retain';
  volume.spec.volumeMode ??= 'Filesystem';
  defaultVolumeSource(volume.spec);
}

export function defaultPersistentVolumeClaim(claim: PersistentVolumeClaim): void {
  claim.status!.phase ??= 'Pending';
  claim.spec.volumeMode ??= 'Filesystem';
}

export function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}

export function defaultCsiDriver({ spec }: CSIDriver): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

export function defaultIngressClass({ spec }: IngressClass): void {
  if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
}

export function defaultPriorityClass(priorityClass: PriorityClass): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

export function defaultBinding(binding: RoleBinding | ClusterRoleBinding): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    subject.apiGroup ??= subject.kind === 'ServiceAccount' ? '' : RBAC_GROUP;
  }
}

export function defaultNetworkPolicy({ spec }: NetworkPolicy): void {
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])];
  for (const rule of rules) for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  spec.policyTypes ??= (spec.egress?.length ?? 0) > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

/** @see apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go */
export function defaultDefinition({ spec }: { spec: CustomResourceDefinitionSpec }): void {
  const { names } = spec;
  if (names?.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
}
