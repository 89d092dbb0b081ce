/** Rows of what workloads stand on: networking, storage, devices, leases, events. */
import type { Lease } from '../generated/coordination-v1.ts';
import type { EndpointSlice } from '../generated/discovery-v1.ts';
import type { Event as EventsEvent } from '../generated/events-v1.ts';
import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from '../generated/networking-v1.ts';
import type { RuntimeClass } from '../generated/node-v1.ts';
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../generated/resource-v1.ts';
import type { PriorityClass } from '../generated/scheduling-v1.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../generated/storage-v1.ts';
import { newResource, STATUS } from '../resource-row.ts';

export const EVENTS_V1 = newResource<EventsEvent>('events.k8s.io/v1', 'Event', 'events', {
  shortNames: ['ev'],
  storageGroupVersion: 'v1',
  selectableFields: [
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
    'reason',
    'reportingController',
    'type',
  ],
});

export const INGRESSES = newResource<Ingress>('networking.k8s.io/v1', 'Ingress', 'ingresses', {
  shortNames: ['ing'],
  subresources: [STATUS],
  generation: true,
});
export const INGRESS_CLASSES = newResource<IngressClass>(
  'networking.k8s.io/v1',
  'IngressClass',
  'ingressclasses',
  { clusterScoped: true, generation: true },
);
export const IP_ADDRESSES = newResource<IPAddress>('networking.k8s.io/v1', 'IPAddress', 'ipaddresses', {
  clusterScoped: true,
  shortNames: ['ip'],
  selectableFields: [
    'spec.parentRef.group',
    'spec.parentRef.name',
    'spec.parentRef.namespace',
    'spec.parentRef.resource',
  ],
});
export const NETWORK_POLICIES = newResource<NetworkPolicy>(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  'networkpolicies',
  { shortNames: ['netpol'], generation: true },
);
export const SERVICE_CIDRS = newResource<ServiceCIDR>('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', {
  clusterScoped: true,
  subresources: [STATUS],
});

export const CSI_DRIVERS = newResource<CSIDriver>('storage.k8s.io/v1', 'CSIDriver', 'csidrivers', {
  clusterScoped: true,
  generation: true,
});
export const CSI_NODES = newResource<CSINode>('storage.k8s.io/v1', 'CSINode', 'csinodes', {
  clusterScoped: true,
});
export const CSI_STORAGE_CAPACITIES = newResource<CSIStorageCapacity>(
  'storage.k8s.io/v1',
  'CSIStorageCapacity',
  'csistoragecapacities',
);
export const STORAGE_CLASSES = newResource<StorageClass>(
  'storage.k8s.io/v1',
  'StorageClass',
  'storageclasses',
  { clusterScoped: true, shortNames: ['sc'] },
);
export const VOLUME_ATTACHMENTS = newResource<VolumeAttachment>(
  'storage.k8s.io/v1',
  'VolumeAttachment',
  'volumeattachments',
  { clusterScoped: true, subresources: [STATUS] },
);
export const VOLUME_ATTRIBUTES_CLASSES = newResource<VolumeAttributesClass>(
  'storage.k8s.io/v1',
  'VolumeAttributesClass',
  'volumeattributesclasses',
  { clusterScoped: true, shortNames: ['vac'] },
);

export const PRIORITY_CLASSES = newResource<PriorityClass>(
  'scheduling.k8s.io/v1',
  'PriorityClass',
  'priorityclasses',
  { clusterScoped: true, shortNames: ['pc'], generation: true },
);

export const LEASES = newResource<Lease>('coordination.k8s.io/v1', 'Lease', 'leases');

export const RUNTIME_CLASSES = newResource<RuntimeClass>('node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', {
  clusterScoped: true,
});

export const ENDPOINT_SLICES = newResource<EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
  { generation: true },
);

export const DEVICE_CLASSES = newResource<DeviceClass>('resource.k8s.io/v1', 'DeviceClass', 'deviceclasses', {
  clusterScoped: true,
  generation: true,
});
export const RESOURCE_CLAIMS = newResource<ResourceClaim>(
  'resource.k8s.io/v1',
  'ResourceClaim',
  'resourceclaims',
  { subresources: [STATUS] },
);
export const RESOURCE_CLAIM_TEMPLATES = newResource<ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'ResourceClaimTemplate',
  'resourceclaimtemplates',
);
export const RESOURCE_SLICES = newResource<ResourceSlice>(
  'resource.k8s.io/v1',
  'ResourceSlice',
  'resourceslices',
  { clusterScoped: true, generation: true, selectableFields: ['spec.nodeName', 'spec.driver'] },
);
