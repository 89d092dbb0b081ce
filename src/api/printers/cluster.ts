/** How Services, nodes, configuration and other cluster kinds are printed. @see printers.go */
import type { Lease } from '../generated/coordination-v1.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
  ServiceAccount,
} from '../generated/core-v1.ts';
import type { EndpointSlice } from '../generated/discovery-v1.ts';
import type { Ingress, NetworkPolicy } from '../generated/networking-v1.ts';
import type { ClusterRoleBinding, RoleBinding } from '../generated/rbac-v1.ts';
import type { PriorityClass } from '../generated/scheduling-v1.ts';
import type { StorageClass } from '../generated/storage-v1.ts';
import { formatLabelSelector } from '../selectors.ts';
import { AGE, count, type KindPrinter, NAME, text, wide } from './column.ts';
import { abbreviate, age, formatLabels, NONE, since, UNKNOWN } from './values.ts';

export const namespacePrinter: KindPrinter<Namespace> = {
  columns: [NAME, text('Status', 'Active, or Terminating while its objects go'), AGE],
  cells: (object, nowMs) => [object.metadata.name, object.status?.phase ?? '', age(object, nowMs)],
};

export const nodePrinter: KindPrinter<Node> = {
  columns: [
    NAME,
    text('Status', 'Whether it is ready, and open for new Pods'),
    text('Roles', 'From its node-role labels'),
    AGE,
    text('Version', 'Of its kubelet'),
    wide(text('Internal-IP', 'Address within the cluster')),
    wide(text('External-IP', 'Address from outside')),
    wide(text('OS-Image', 'Its operating system')),
    wide(text('Kernel-Version', 'Its kernel')),
    wide(text('Container-Runtime', 'What runs its containers')),
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    nodeStatus(object),
    nodeRoles(object),
    age(object, nowMs),
    object.status?.nodeInfo?.kubeletVersion ?? '',
    nodeAddress(object, 'InternalIP'),
    nodeAddress(object, 'ExternalIP'),
    object.status?.nodeInfo?.osImage || UNKNOWN,
    object.status?.nodeInfo?.kernelVersion || UNKNOWN,
    object.status?.nodeInfo?.containerRuntimeVersion || UNKNOWN,
  ],
};

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec.unschedulable ? `${word},SchedulingDisabled` : word;
}

function nodeRoles(node: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles: string[] = [];
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(prefix) && key.length > prefix.length) roles.push(key.slice(prefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.push(value);
  }
  return roles.length === 0 ? NONE : [...new Set(roles)].sort().join(',');
}

function nodeAddress(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? NONE;
}

export const servicePrinter: KindPrinter<Service> = {
  columns: [
    NAME,
    text('Type', 'How it can be reached'),
    text('Cluster-IP', 'Address within the cluster'),
    text('External-IP', 'Address from outside'),
    text('Port(s)', 'Its ports, with the node port behind a colon'),
    AGE,
    wide(text('Selector', 'Which Pods stand behind it')),
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.spec.type ?? '',
    object.spec.type === 'ExternalName' ? NONE : object.spec.clusterIP || NONE,
    externalAddress(object),
    servicePorts(object),
    age(object, nowMs),
    formatLabels(object.spec.selector),
  ],
};

function externalAddress({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? NONE;
  if (spec.type !== 'LoadBalancer') return own.length === 0 ? NONE : own.join(',');
  const given = (status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip ?? ingress.hostname ?? '');
  const all = [...given, ...own];
  return all.length === 0 ? '<pending>' : all.join(',');
}

function servicePorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(
    (port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol}`,
  );
  return ports.length === 0 ? NONE : ports.join(',');
}

export const endpointsPrinter: KindPrinter<Endpoints> = {
  columns: [NAME, text('Endpoints', 'Ready addresses with their ports'), AGE],
  cells: (object, nowMs) => [object.metadata.name, endpointList(object), age(object, nowMs)],
};

function endpointList(endpoints: Endpoints): string {
  const list = (endpoints.subsets ?? []).flatMap((subset) => {
    const addresses = (subset.addresses ?? []).map((address) => address.ip);
    const ports = subset.ports ?? [];
    return ports.length === 0
      ? addresses
      : ports.flatMap((port) => addresses.map((ip) => `${ip}:${port.port}`));
  });
  return abbreviate(list);
}

export const endpointSlicePrinter: KindPrinter<EndpointSlice> = {
  columns: [
    NAME,
    text('AddressType', 'Kind of its addresses'),
    text('Ports', 'Port numbers, or names'),
    text('Endpoints', 'Its addresses'),
    AGE,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.addressType,
    orUnset(slicePorts(object)),
    orUnset((object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)),
    age(object, nowMs),
  ],
};

function slicePorts(slice: EndpointSlice): string[] {
  return (slice.ports ?? []).map((port) =>
    port.port === undefined ? (port.name ?? '*') : String(port.port),
  );
}

/** @see pkg/printers/internalversion/printers.go listWithMoreString */
function orUnset(items: readonly string[]): string {
  return items.join('') === '' ? '<unset>' : abbreviate(items);
}

export const configMapPrinter: KindPrinter<ConfigMap> = {
  columns: [NAME, count('Data', 'Number of keys'), AGE],
  cells: (object, nowMs) => [
    object.metadata.name,
    keyCount(object.data) + keyCount(object.binaryData),
    age(object, nowMs),
  ],
};

export const secretPrinter: KindPrinter<Secret> = {
  columns: [NAME, text('Type', 'What it is for'), count('Data', 'Number of keys'), AGE],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.type ?? '',
    keyCount(object.data),
    age(object, nowMs),
  ],
};

function keyCount(data: object | undefined): number {
  return Object.keys(data ?? {}).length;
}

export const serviceAccountPrinter: KindPrinter<ServiceAccount> = {
  columns: [NAME, text('Secrets', 'Number of secrets'), AGE],
  cells: (object, nowMs) => [object.metadata.name, object.secrets?.length ?? 0, age(object, nowMs)],
};

export const leasePrinter: KindPrinter<Lease> = {
  columns: [NAME, text('Holder', 'Who holds it'), AGE],
  cells: (object, nowMs) => [object.metadata.name, object.spec?.holderIdentity ?? '', age(object, nowMs)],
};

export const eventPrinter: KindPrinter<Event> = {
  columns: [
    text('Last Seen', 'Time since it last happened'),
    text('Type', 'Normal or Warning'),
    text('Reason', 'Why, in a word'),
    text('Object', 'What it is about'),
    wide(text('Subobject', 'Which part of that')),
    wide(text('Source', 'Who says so')),
    text('Message', 'What happened'),
    wide(text('First Seen', 'Time since it first happened')),
    wide(count('Count', 'How often it happened')),
    wide({ ...NAME }),
  ],
  cells: (object, nowMs) => {
    const first = object.firstTimestamp ?? object.eventTime;
    const last = object.series?.lastObservedTime ?? object.lastTimestamp ?? first;
    const { kind = '', name = '', fieldPath = '' } = object.involvedObject;
    const source = [object.source?.component || object.reportingComponent, object.source?.host].filter(
      Boolean,
    );
    return [
      since(last, nowMs),
      object.type ?? '',
      object.reason ?? '',
      name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
      fieldPath,
      source.join(', '),
      (object.message ?? '').trim(),
      since(first, nowMs),
      object.series?.count ?? object.count ?? 1,
      object.metadata.name,
    ];
  },
};

const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(modes: readonly string[] | undefined): string {
  return (modes ?? []).map((mode) => ACCESS_MODES[mode] ?? mode).join(',');
}

export const persistentVolumePrinter: KindPrinter<PersistentVolume> = {
  columns: [
    NAME,
    text('Capacity', 'Its size'),
    text('Access Modes', 'How it may be mounted'),
    text('Reclaim Policy', 'What becomes of it when its claim goes'),
    text('Status', 'Whether it is bound'),
    text('Claim', 'Which claim holds it'),
    text('StorageClass', 'Its class'),
    text('VolumeAttributesClass', 'Its class of attributes'),
    text('Reason', 'Why it is in this state'),
    AGE,
    wide(text('VolumeMode', 'Filesystem or Block')),
  ],
  cells: (object, nowMs) => {
    const claim = object.spec.claimRef;
    return [
      object.metadata.name,
      object.spec.capacity?.storage ?? '',
      accessModes(object.spec.accessModes),
      object.spec.persistentVolumeReclaimPolicy ?? '',
      object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating',
      claim === undefined ? '' : `${claim.namespace}/${claim.name}`,
      object.spec.storageClassName ?? '',
      object.spec.volumeAttributesClassName ?? '<unset>',
      object.status?.reason ?? '',
      age(object, nowMs),
      object.spec.volumeMode ?? '<unset>',
    ];
  },
};

export const persistentVolumeClaimPrinter: KindPrinter<PersistentVolumeClaim> = {
  columns: [
    NAME,
    text('Status', 'Whether it is bound'),
    text('Volume', 'Which volume it holds'),
    text('Capacity', 'Size of that volume'),
    text('Access Modes', 'How it may be mounted'),
    text('StorageClass', 'Its class'),
    text('VolumeAttributesClass', 'Its class of attributes'),
    AGE,
    wide(text('VolumeMode', 'Filesystem or Block')),
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating',
    object.spec.volumeName ?? '',
    object.spec.volumeName ? (object.status?.capacity?.storage ?? '') : '',
    object.spec.volumeName ? accessModes(object.status?.accessModes) : '',
    object.spec.storageClassName ?? '',
    object.spec.volumeAttributesClassName ?? '<unset>',
    age(object, nowMs),
    object.spec.volumeMode ?? '<unset>',
  ],
};

export const storageClassPrinter: KindPrinter<StorageClass> = {
  columns: [
    NAME,
    text('Provisioner', 'Who makes its volumes'),
    text('ReclaimPolicy', 'What becomes of a volume when its claim goes'),
    text('VolumeBindingMode', 'When a claim gets its volume'),
    text('AllowVolumeExpansion', 'Whether volumes may grow'),
    AGE,
  ],
  cells: (object, nowMs) => {
    const isDefault = object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
    return [
      isDefault ? `${object.metadata.name} (default)` : object.metadata.name,
      object.provisioner,
      object.reclaimPolicy ?? 'Delete',
      object.volumeBindingMode ?? 'Immediate',
      object.allowVolumeExpansion ?? false,
      age(object, nowMs),
    ];
  },
};

export const ingressPrinter: KindPrinter<Ingress> = {
  columns: [
    NAME,
    text('Class', 'Who serves it'),
    text('Hosts', 'Its host names'),
    text('Address', 'Where it is served'),
    text('Ports', 'On which ports'),
    AGE,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.spec.ingressClassName ?? NONE,
    abbreviate((object.spec.rules ?? []).map((rule) => rule.host ?? '*')).replace(NONE, '*'),
    (object.status?.loadBalancer?.ingress ?? []).map((point) => point.ip ?? point.hostname).join(','),
    (object.spec.tls?.length ?? 0) > 0 ? '80, 443' : '80',
    age(object, nowMs),
  ],
};

export const networkPolicyPrinter: KindPrinter<NetworkPolicy> = {
  columns: [NAME, text('Pod-Selector', 'Which Pods it is about'), AGE],
  cells: (object, nowMs) => [
    object.metadata.name,
    formatLabelSelector(object.spec.podSelector),
    age(object, nowMs),
  ],
};

export const priorityClassPrinter: KindPrinter<PriorityClass> = {
  columns: [
    NAME,
    count('Value', 'The priority'),
    text('Global-Default', 'Whether Pods without a class get it'),
    AGE,
    text('PreemptionPolicy', 'Whether its Pods may push others out'),
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.value,
    object.globalDefault ?? false,
    age(object, nowMs),
    object.preemptionPolicy ?? '',
  ],
};

export const bindingPrinter: KindPrinter<RoleBinding | ClusterRoleBinding> = {
  columns: [
    NAME,
    text('Role', 'What it grants'),
    AGE,
    wide(text('Users', 'To which users')),
    wide(text('Groups', 'To which groups')),
    wide(text('ServiceAccounts', 'To which service accounts')),
  ],
  cells: (object, nowMs) => {
    const names = (kind: string) =>
      (object.subjects ?? [])
        .filter((subject) => subject.kind === kind)
        .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace}/${subject.name}` : subject.name))
        .join(', ');
    const role = `${object.roleRef.kind}/${object.roleRef.name}`;
    return [
      object.metadata.name,
      role,
      age(object, nowMs),
      names('User'),
      names('Group'),
      names('ServiceAccount'),
    ];
  },
};

/** Upstream shows the moment of creation, not the age, of roles. */
export const rolePrinter: KindPrinter<{ metadata: { name: string; creationTimestamp: string } }> = {
  columns: [NAME, { ...text('Created At', 'When it was created'), type: 'date' }],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp],
};
