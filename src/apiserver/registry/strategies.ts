/**
 * In what kinds differ on their way into the store, as data: initial status, what the server sets, how deletion is held.
 * A kind without a row has none of this.
 *
 * @see kubernetes/kubernetes pkg/registry/{core,apps,…}/{kind}/strategy.go
 */

import { LOCALLY_AVAILABLE } from '../../api/api-service.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts';
import type { Job } from '../../api/generated/batch-v1.ts';
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import { generateJobSelector } from '../../api/job-selector.ts';
import { mergeLabelKeys } from '../../api/label-keys.ts';
import type { UserInfo } from '../../api/message.ts';
import { podQosClass } from '../../api/pod-qos.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { carryOverAllocations } from '../allocate/service-needs.ts';
import type { ApiObject, Fields } from '../api-object.ts';
import { withStoredVersion } from '../custom/stored-versions.ts';
import { dateTaints, dropDeallocatedDevices } from './device-strategies.ts';

export interface Strategy {
  /** What `status` is on creation, whatever the client sent; absent: the client's own is kept. */
  initialStatus?: (object: ApiObject) => Fields;
  /** The server's own fields on creation, set after admission. */
  prepareCreate?: (object: ApiObject, user: UserInfo) => void;
  prepareUpdate?: (object: ApiObject, old: ApiObject, now: string) => void;
  /** The same for a write through a subresource. */
  prepareSubresource?: (object: ApiObject, old: ApiObject, now: string) => void;
  /** PUT creates what is not there. */
  createOnUpdate?: true;
  /** An update must say which resourceVersion it replaces. */
  conditionalUpdateOnly?: true;
  /** Kinds that end in their own time: the grace period that applies, from the requested one. */
  gracePeriod?: (object: ApiObject, requestedSeconds: number | undefined) => number;
  /** True while something beside `metadata.finalizers` keeps a deleted object. */
  isHeld?: (object: ApiObject) => boolean;
  /** What else changes when the object is marked as deleted. */
  onMarkedDeleted?: (object: ApiObject) => void;
  /** A deletion answers with the object itself, not with a Status. */
  returnsDeletedObject?: true;
  /** Dependents are none of the garbage collector's business, so no finalizers for it are set. */
  withoutGarbageCollection?: true;
  /** A status update may not touch the labels. */
  statusKeepsLabels?: true;
  /** Nor any other metadata. */
  statusKeepsMetadata?: true;
}

const EMPTY_STATUS = (): Fields => ({});
const STANDARD: Strategy = { initialStatus: EMPTY_STATUS };

const FLOW_CONTROL: Strategy = { initialStatus: EMPTY_STATUS, statusKeepsMetadata: true };

const POD: Strategy = {
  initialStatus: initialPodStatus,
  prepareCreate: (object) => mergeLabelKeys(object as unknown as Pod),
  prepareSubresource: keepQosClass,
  gracePeriod: podGracePeriod,
  returnsDeletedObject: true,
};

/** A version counts as stored with the write that makes it so: the next one may take it away again. */
const DEFINITION: Strategy = {
  initialStatus: (object) => ({
    acceptedNames: { plural: '', kind: '' },
    storedVersions: withStoredVersion(toDefinition(object).spec, []),
  }),
  prepareUpdate(object) {
    const { spec, status } = toDefinition(object);
    object['status'] = { ...status, storedVersions: withStoredVersion(spec, status?.storedVersions ?? []) };
  },
};

function toDefinition(object: ApiObject): CustomResourceDefinition {
  return object as unknown as CustomResourceDefinition;
}

const NAMESPACE: Strategy = {
  initialStatus: () => ({ phase: 'Active' }),
  prepareCreate(object) {
    const finalizers = (object.spec?.['finalizers'] as string[] | undefined) ?? [];
    if (!finalizers.includes('kubernetes')) {
      object.spec = { ...object.spec, finalizers: [...finalizers, 'kubernetes'] };
    }
  },
  // Only the finalize subresource empties them.
  prepareUpdate(object, old) {
    object.spec = { ...object.spec, finalizers: old.spec?.['finalizers'] };
  },
  isHeld: (object) => ((object.spec?.['finalizers'] as string[] | undefined) ?? []).length > 0,
  onMarkedDeleted(object) {
    object.status = { ...object.status, phase: 'Terminating' };
  },
  returnsDeletedObject: true,
};

const SERVICE: Strategy = {
  initialStatus: () => ({ loadBalancer: {} }),
  prepareUpdate: (object, old) =>
    carryOverAllocations(object as unknown as Service, old as unknown as Service),
  createOnUpdate: true,
  returnsDeletedObject: true,
};

/** Who asks is who is signed in, whatever the request says; what is asked never changes. */
const CERTIFICATE_SIGNING_REQUEST: Strategy = {
  initialStatus: EMPTY_STATUS,
  prepareCreate(object, { username, uid, groups, extra }) {
    const { username: _n, uid: _u, groups: _g, extra: _e, ...spec } = object.spec ?? {};
    object.spec = {
      ...spec,
      username,
      ...(uid === undefined ? {} : { uid }),
      ...(groups.length === 0 ? {} : { groups }),
      ...(extra === undefined ? {} : { extra }),
    };
  },
  prepareUpdate(object, old) {
    if (old.spec !== undefined) object.spec = old.spec;
  },
  prepareSubresource: datedConditions,
};

/** What has no Service is served here, so it is there. @see kube-aggregator NewLocalAvailableAPIServiceCondition */
const API_SERVICE: Strategy = {
  initialStatus: ({ spec, metadata }) =>
    spec?.['service'] === undefined
      ? { conditions: [{ ...LOCALLY_AVAILABLE, lastTransitionTime: metadata.creationTimestamp }] }
      : {},
  conditionalUpdateOnly: true,
};

const STRATEGIES: Readonly<Record<string, Strategy>> = {
  endpoints: { createOnUpdate: true },
  events: { createOnUpdate: true, withoutGarbageCollection: true },
  limitranges: { createOnUpdate: true },
  namespaces: NAMESPACE,
  // The kubelet registers its node with a status.
  nodes: {},
  persistentvolumeclaims: { initialStatus: () => ({ phase: 'Pending' }), returnsDeletedObject: true },
  persistentvolumes: { initialStatus: () => ({ phase: 'Pending' }), returnsDeletedObject: true },
  pods: POD,
  podtemplates: { createOnUpdate: true, returnsDeletedObject: true },
  replicationcontrollers: { initialStatus: () => ({ replicas: 0 }) },
  resourcequotas: { initialStatus: EMPTY_STATUS, returnsDeletedObject: true },
  serviceaccounts: { returnsDeletedObject: true },
  services: SERVICE,
  'apiservices.apiregistration.k8s.io': API_SERVICE,
  'customresourcedefinitions.apiextensions.k8s.io': DEFINITION,
  'daemonsets.apps': {
    initialStatus: () => ({
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    }),
  },
  'deployments.apps': { initialStatus: EMPTY_STATUS, statusKeepsLabels: true },
  'replicasets.apps': { initialStatus: () => ({ replicas: 0 }) },
  'statefulsets.apps': { initialStatus: () => ({ replicas: 0, availableReplicas: 0 }) },
  'jobs.batch': {
    initialStatus: EMPTY_STATUS,
    prepareCreate: (object) => generateJobSelector(object as unknown as Job),
  },
  'horizontalpodautoscalers.autoscaling': {
    initialStatus: () => ({ desiredReplicas: 0 }),
  },
  // Admission writes it.
  'validatingadmissionpolicies.admissionregistration.k8s.io': {},
  'certificatesigningrequests.certificates.k8s.io': CERTIFICATE_SIGNING_REQUEST,
  'flowschemas.flowcontrol.apiserver.k8s.io': FLOW_CONTROL,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': FLOW_CONTROL,
  'leases.coordination.k8s.io': { createOnUpdate: true, conditionalUpdateOnly: true },
  'ingresses.networking.k8s.io': { initialStatus: () => ({ loadBalancer: {} }) },
  // Whoever makes one may say that it is ready.
  'servicecidrs.networking.k8s.io': { statusKeepsMetadata: true },
  'poddisruptionbudgets.policy': {
    initialStatus: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
    conditionalUpdateOnly: true,
  },
  'resourceclaims.resource.k8s.io': {
    initialStatus: EMPTY_STATUS,
    prepareSubresource: dropDeallocatedDevices,
  },
  'resourceslices.resource.k8s.io': {
    prepareCreate: (slice) => dateTaints(slice, slice.metadata.creationTimestamp!),
    prepareUpdate: (slice, _old, now) => dateTaints(slice, now),
  },
  'clusterroles.rbac.authorization.k8s.io': { createOnUpdate: true },
  'clusterrolebindings.rbac.authorization.k8s.io': { createOnUpdate: true },
  'roles.rbac.authorization.k8s.io': { createOnUpdate: true },
  'rolebindings.rbac.authorization.k8s.io': { createOnUpdate: true },
};

const NONE: Strategy = {};

export function strategyOf(row: ResourceRow): Strategy {
  const key = row.group === '' ? row.resource : `${row.resource}.${row.group}`;
  return STRATEGIES[key] ?? (hasStatus(row) ? STANDARD : NONE);
}

/** Whether status is written through a subresource of its own. */
export function hasStatus(row: ResourceRow): boolean {
  return row.subresources.some(({ name }) => name === 'status');
}

/** Whoever has gates is said to wait for them from the start. @see podStrategy applySchedulingGatedCondition */
function initialPodStatus(object: ApiObject): Fields {
  const pod = object as unknown as Pod;
  const status: Fields = { phase: 'Pending', qosClass: podQosClass(pod) };
  if (!pod.spec.schedulingGates?.length) return status;
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message };
  return { ...status, conditions: [gated] };
}

/** Clients that rewrite the status may not know of it. @see podStatusStrategy PrepareForUpdate */
function keepQosClass(object: ApiObject, old: ApiObject): void {
  const qosClass = old.status?.['qosClass'];
  if (qosClass !== undefined && !object.status?.['qosClass']) object.status = { ...object.status, qosClass };
}

/** Conditions say when they came, and when they became what they are. @see csrStrategy populateConditionTimestamps */
function datedConditions(object: ApiObject, old: ApiObject, now: string): void {
  const conditions = object.status?.['conditions'] as Fields[] | undefined;
  if (conditions === undefined) return;
  const before = (old.status?.['conditions'] as Fields[] | undefined) ?? [];
  const dated = conditions.map((condition) => {
    const same = before.find(
      ({ type, status }) => type === condition['type'] && status === condition['status'],
    );
    return {
      ...condition,
      lastUpdateTime: condition['lastUpdateTime'] ?? now,
      lastTransitionTime: condition['lastTransitionTime'] ?? same?.['lastTransitionTime'] ?? now,
    };
  });
  object.status = { ...object.status, conditions: dated };
}

/** A Pod that never ran, or runs no more, goes at once. @see podStrategy.CheckGracefulDelete */
function podGracePeriod(object: ApiObject, requestedSeconds: number | undefined): number {
  const { spec, status } = object as unknown as Pod;
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  const seconds = requestedSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}
