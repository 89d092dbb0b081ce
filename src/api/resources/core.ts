/** Rows of the core group. */
import type {
  Binding,
  ComponentStatus,
  ConfigMap,
  Event as CoreEvent,
  Endpoints,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../generated/core-v1.ts';
import {
  FINALIZE,
  newResource,
  POD_SUBRESOURCES,
  proxySubresource,
  SCALE,
  STATUS,
  TOKEN,
} from '../resource-row.ts';

export const BINDINGS = newResource<Binding>('v1', 'Binding', 'bindings', {
  verbs: ['create'],
  virtual: true,
});
export const COMPONENT_STATUSES = newResource<ComponentStatus>('v1', 'ComponentStatus', 'componentstatuses', {
  clusterScoped: true,
  shortNames: ['cs'],
  verbs: ['get', 'list'],
  virtual: true,
});
export const CONFIG_MAPS = newResource<ConfigMap>('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] });
export const ENDPOINTS = newResource<Endpoints>('v1', 'Endpoints', 'endpoints', { shortNames: ['ep'] });
export const EVENTS = newResource<CoreEvent>('v1', 'Event', 'events', {
  shortNames: ['ev'],
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
});
export const LIMIT_RANGES = newResource<LimitRange>('v1', 'LimitRange', 'limitranges', {
  shortNames: ['limits'],
});
export const NAMESPACES = newResource<Namespace>('v1', 'Namespace', 'namespaces', {
  clusterScoped: true,
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [FINALIZE, STATUS],
  selectableFields: ['status.phase'],
});
export const NODES = newResource<Node>('v1', 'Node', 'nodes', {
  clusterScoped: true,
  shortNames: ['no'],
  subresources: [proxySubresource('NodeProxyOptions'), STATUS],
  selectableFields: ['spec.unschedulable'],
});
export const PERSISTENT_VOLUME_CLAIMS = newResource<PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
  { shortNames: ['pvc'], subresources: [STATUS] },
);
export const PERSISTENT_VOLUMES = newResource<PersistentVolume>(
  'v1',
  'PersistentVolume',
  'persistentvolumes',
  { clusterScoped: true, shortNames: ['pv'], subresources: [STATUS] },
);
export const PODS = newResource<Pod>('v1', 'Pod', 'pods', {
  shortNames: ['po'],
  categories: ['all'],
  subresources: POD_SUBRESOURCES,
  generation: true,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
});
export const POD_TEMPLATES = newResource<PodTemplate>('v1', 'PodTemplate', 'podtemplates', {
  generation: true,
});
export const REPLICATION_CONTROLLERS = newResource<ReplicationController>(
  'v1',
  'ReplicationController',
  'replicationcontrollers',
  {
    shortNames: ['rc'],
    categories: ['all'],
    subresources: [SCALE, STATUS],
    generation: true,
    selectableFields: ['status.replicas'],
  },
);
export const RESOURCE_QUOTAS = newResource<ResourceQuota>('v1', 'ResourceQuota', 'resourcequotas', {
  shortNames: ['quota'],
  subresources: [STATUS],
});
export const SECRETS = newResource<Secret>('v1', 'Secret', 'secrets', { selectableFields: ['type'] });
export const SERVICE_ACCOUNTS = newResource<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts', {
  shortNames: ['sa'],
  subresources: [TOKEN],
});
export const SERVICES = newResource<Service>('v1', 'Service', 'services', {
  shortNames: ['svc'],
  categories: ['all'],
  subresources: [proxySubresource('ServiceProxyOptions'), STATUS],
  selectableFields: ['spec.clusterIP', 'spec.type'],
});
