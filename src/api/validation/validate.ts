/**
 * What makes an object of each kind valid, beyond its types: one row for each kind that has rules.
 *
 * Objects come here decoded and defaulted. Pure; the inputs are not changed.
 */

import type {
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
} from '../generated/admissionregistration-v1.ts';
import type { Service } from '../generated/core-v1.ts';
import type { KubeObject } from '../meta.ts';
import { splitApiVersion } from '../meta.ts';
import { findKind } from '../resources.ts';
import * as policies from './admission-policies.ts';
import { validateApiService, validateApiServiceStatus } from './api-service.ts';
import {
  validateCertificateDecision,
  validateCertificateSigningRequest,
} from './certificate-signing-request.ts';
import { validateConfigMap, validateConfigMapUpdate } from './config-data.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from './controller-revision.ts';
import { validateCronJob, validateCronJobUpdate } from './cron-job.ts';
import { validateCsiDriver, validateCsiDriverUpdate } from './csi-driver.ts';
import { validateCsiNode, validateCsiNodeUpdate } from './csi-node.ts';
import { validateStorageCapacity, validateStorageCapacityUpdate } from './csi-storage-capacity.ts';
import { validateDefinition, validateDefinitionUpdate } from './custom-resource-definition.ts';
import { validateDaemonSet, validateDaemonSetStatus } from './daemon-set.ts';
import { validateDeployment, validateDeploymentStatus } from './deployment.ts';
import { validateEndpointSlice, validateEndpointSliceUpdate } from './endpoint-slice.ts';
import { validateEndpoints, validateEndpointsUpdate } from './endpoints.ts';
import * as events from './event.ts';
import { type FieldError, invalid } from './field-error.ts';
import { validateFlowControlStatus, validateFlowSchema } from './flow-schema.ts';
import * as autoscaler from './horizontal-pod-autoscaler.ts';
import * as ingresses from './ingress.ts';
import { validateIngressClass, validateIngressClassUpdate } from './ingress-class.ts';
import { validateJob } from './job.ts';
import { validateJobStatus } from './job-status.ts';
import { validateJobUpdate } from './job-update.ts';
import { validateLease } from './lease.ts';
import { validateLimitRange } from './limit-range.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem, pathSegmentProblem } from './names.ts';
import * as namespaces from './namespace.ts';
import { validateNetworkPolicy, validateNetworkPolicyUpdate } from './network-policy.ts';
import * as nodes from './node.ts';
import { type NameRule, validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts';
import { validateVolume, validateVolumeUpdate } from './persistent-volume.ts';
import { validateClaim, validateClaimStatus, validateClaimUpdate } from './persistent-volume-claim.ts';
import { validatePodDisruptionBudget, validatePodDisruptionBudgetStatus } from './pod-disruption-budget.ts';
import { validatePod, validatePodCreate, validatePodTemplateObject } from './pod-spec.ts';
import { validatePodStatus } from './pod-status.ts';
import { validatePodUpdate } from './pod-update.ts';
import { validateClusterRole, validateRole } from './policy-rules.ts';
import { validatePriorityClass, validatePriorityClassUpdate } from './priority-class.ts';
import { validatePriorityLevel } from './priority-level.ts';
import { validateReplicaSet, validateReplicasStatus, validateReplicationController } from './replica-set.ts';
import * as claims from './resource-claim.ts';
import * as quotas from './resource-quota.ts';
import { validateResourceSlice, validateResourceSliceUpdate } from './resource-slice.ts';
import { validateBinding, validateBindingUpdate } from './role-binding.ts';
import { validateRuntimeClass, validateRuntimeClassUpdate } from './runtime-class.ts';
import { validateSecret, validateSecretUpdate } from './secret.ts';
import { validateService, validateServiceUpdate } from './service.ts';
import * as addresses from './service-addresses.ts';
import { validateServiceStatus } from './service-load-balancer.ts';
import { validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from './stateful-set.ts';
import * as classes from './storage-class.ts';
import * as attachments from './volume-attachment.ts';
import { validateWebhooks, validateWebhooksUpdate } from './webhooks.ts';
import { type OwnerSpec, validateFixedSelector } from './workload-template.ts';

interface KindRule {
  create?: (object: never) => FieldError[];
  /** What holds after a change of the spec through a subresource; without it what holds of a creation. */
  always?: (object: never) => FieldError[];
  /** Replaces `create` on updates; without it an update is judged as a creation. */
  update?: (object: never, old: never) => FieldError[];
  /** What a write of the status must keep to. */
  status?: (object: never, old: never) => FieldError[];
  /** What a write through a subresource may make of the object. */
  subresource?: (subresource: string, object: never, old: never) => FieldError[];
  /** Default: a DNS subdomain. */
  name?: NameRule;
}

/** An owner of Pods: its selector is fixed. */
function owner<T extends { spec: OwnerSpec }>(
  create: (object: T) => FieldError[],
  status: (object: T, old: T) => FieldError[],
): KindRule {
  return {
    create,
    update: (object: T, old: T) => [...create(object), ...validateFixedSelector(object.spec, old.spec)],
    status,
  };
}

const WEBHOOKS: KindRule = { create: validateWebhooks, update: validateWebhooksUpdate };

const RBAC = 'rbac.authorization.k8s.io/v1';

const RULES: Readonly<Record<string, KindRule>> = {
  'v1/ConfigMap': { create: validateConfigMap, update: validateConfigMapUpdate },
  'v1/Endpoints': { create: validateEndpoints, update: validateEndpointsUpdate },
  'v1/Event': { create: events.validateEvent, name: pathSegmentProblem },
  'v1/LimitRange': { create: validateLimitRange },
  'v1/Namespace': {
    create: namespaces.validateNamespace,
    update: namespaces.validateNamespaceUpdate,
    subresource: namespaces.validateNamespaceSubresource,
    name: dns1123LabelProblem,
  },
  'v1/Node': {
    create: nodes.validateNode,
    update: nodes.validateNodeUpdate,
    status: nodes.validateNodeStatus,
  },
  'v1/PersistentVolume': { create: validateVolume, update: validateVolumeUpdate },
  'v1/PersistentVolumeClaim': {
    create: validateClaim,
    update: validateClaimUpdate,
    status: validateClaimStatus,
  },
  'v1/Pod': {
    create: validatePodCreate,
    update: validatePodUpdate,
    status: validatePodStatus,
    always: validatePod,
  },
  'v1/PodTemplate': { create: validatePodTemplateObject },
  'v1/ReplicationController': { create: validateReplicationController, status: validateReplicasStatus },
  'v1/ResourceQuota': {
    create: quotas.validateResourceQuota,
    update: quotas.validateResourceQuotaUpdate,
    status: quotas.validateResourceQuotaStatus,
  },
  'v1/Secret': { create: validateSecret, update: validateSecretUpdate },
  'v1/Service': {
    create: (service: Service) => validateService(service),
    update: validateServiceUpdate,
    status: validateServiceStatus,
    name: dns1123LabelProblem,
  },
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy': {
    create: (policy: MutatingAdmissionPolicy) => policies.validateMutatingPolicy(policy),
    update: policies.validateMutatingPolicy,
  },
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding': {
    create: policies.validateMutatingBinding,
  },
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': WEBHOOKS,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': {
    create: (policy: ValidatingAdmissionPolicy) => policies.validateValidatingPolicy(policy),
    update: policies.validateValidatingPolicy,
    status: policies.validatePolicyStatus,
  },
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': {
    create: policies.validateValidatingBinding,
  },
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': WEBHOOKS,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': {
    create: validateDefinition,
    update: validateDefinitionUpdate,
  },
  'apiregistration.k8s.io/v1/APIService': {
    create: validateApiService,
    status: validateApiServiceStatus,
    name: pathSegmentProblem,
  },
  'apps/v1/ControllerRevision': {
    create: validateControllerRevision,
    update: validateControllerRevisionUpdate,
  },
  'apps/v1/DaemonSet': owner(validateDaemonSet, validateDaemonSetStatus),
  'apps/v1/Deployment': owner(validateDeployment, validateDeploymentStatus),
  'apps/v1/ReplicaSet': owner(validateReplicaSet, validateReplicasStatus),
  'apps/v1/StatefulSet': {
    create: validateStatefulSet,
    update: validateStatefulSetUpdate,
    status: validateStatefulSetStatus,
    name: dns1123LabelProblem,
  },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    create: autoscaler.validateAutoscaler,
    update: autoscaler.validateAutoscalerUpdate,
    status: autoscaler.validateAutoscalerStatus,
  },
  'batch/v1/CronJob': { create: validateCronJob, update: validateCronJobUpdate },
  'batch/v1/Job': { create: validateJob, update: validateJobUpdate, status: validateJobStatus },
  'certificates.k8s.io/v1/CertificateSigningRequest': {
    create: validateCertificateSigningRequest,
    // What was asked and what was decided are kept.
    update: () => [],
    subresource: validateCertificateDecision,
    name: pathSegmentProblem,
  },
  'coordination.k8s.io/v1/Lease': { create: validateLease },
  'discovery.k8s.io/v1/EndpointSlice': {
    create: validateEndpointSlice,
    update: validateEndpointSliceUpdate,
  },
  // Stored as core's Event: this is what more is asked of one that comes through this door.
  'events.k8s.io/v1/Event': {
    create: events.validateEventsEvent,
    update: events.validateEventsEventUpdate,
    name: pathSegmentProblem,
  },
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': {
    create: validateFlowSchema,
    status: validateFlowControlStatus,
  },
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': {
    create: validatePriorityLevel,
    status: validateFlowControlStatus,
  },
  'networking.k8s.io/v1/IPAddress': {
    create: addresses.validateIpAddress,
    update: addresses.validateIpAddressUpdate,
    name: addresses.addressNameProblem,
  },
  'networking.k8s.io/v1/Ingress': {
    create: ingresses.validateIngress,
    update: ingresses.validateIngressUpdate,
    status: ingresses.validateIngressStatus,
  },
  'networking.k8s.io/v1/IngressClass': {
    create: validateIngressClass,
    update: validateIngressClassUpdate,
  },
  'networking.k8s.io/v1/NetworkPolicy': {
    create: validateNetworkPolicy,
    update: validateNetworkPolicyUpdate,
  },
  'networking.k8s.io/v1/ServiceCIDR': {
    create: addresses.validateServiceCidr,
    update: addresses.validateServiceCidrUpdate,
  },
  'node.k8s.io/v1/RuntimeClass': { create: validateRuntimeClass, update: validateRuntimeClassUpdate },
  'policy/v1/PodDisruptionBudget': {
    create: validatePodDisruptionBudget,
    status: validatePodDisruptionBudgetStatus,
  },
  'resource.k8s.io/v1/DeviceClass': {
    create: claims.validateDeviceClass,
    update: claims.validateDeviceClassUpdate,
  },
  'resource.k8s.io/v1/ResourceClaim': {
    create: claims.validateResourceClaim,
    update: claims.validateFixedSpec,
    status: claims.validateResourceClaimStatus,
  },
  'resource.k8s.io/v1/ResourceClaimTemplate': {
    create: claims.validateResourceClaimTemplate,
    update: claims.validateFixedSpec,
  },
  'resource.k8s.io/v1/ResourceSlice': {
    create: validateResourceSlice,
    update: validateResourceSliceUpdate,
  },
  'scheduling.k8s.io/v1/PriorityClass': {
    create: validatePriorityClass,
    update: validatePriorityClassUpdate,
  },
  [`${RBAC}/ClusterRole`]: { create: validateClusterRole, name: pathSegmentProblem },
  [`${RBAC}/Role`]: { create: validateRole, name: pathSegmentProblem },
  [`${RBAC}/ClusterRoleBinding`]: {
    create: validateBinding,
    update: validateBindingUpdate,
    name: pathSegmentProblem,
  },
  [`${RBAC}/RoleBinding`]: {
    create: validateBinding,
    update: validateBindingUpdate,
    name: pathSegmentProblem,
  },
  'storage.k8s.io/v1/CSIDriver': { create: validateCsiDriver, update: validateCsiDriverUpdate },
  'storage.k8s.io/v1/CSINode': { create: validateCsiNode, update: validateCsiNodeUpdate },
  'storage.k8s.io/v1/CSIStorageCapacity': {
    create: validateStorageCapacity,
    update: validateStorageCapacityUpdate,
  },
  'storage.k8s.io/v1/StorageClass': {
    create: classes.validateStorageClass,
    update: classes.validateStorageClassUpdate,
  },
  'storage.k8s.io/v1/VolumeAttachment': {
    create: attachments.validateVolumeAttachment,
    update: attachments.validateVolumeAttachmentUpdate,
    status: attachments.validateVolumeAttachmentStatus,
  },
  'storage.k8s.io/v1/VolumeAttributesClass': {
    create: classes.validateVolumeAttributesClass,
    update: classes.validateVolumeAttributesClassUpdate,
  },
};

const NO_RULE: KindRule = {};

/** Names never change: one that came in under older rules stays. */
const judgedBefore: NameRule = () => undefined;

/** @param asked  the version that the client speaks; some ask for more there than the stored one */
function ruleOf({ apiVersion, kind }: KubeObject, asked = apiVersion): KindRule {
  return RULES[`${asked}/${kind}`] ?? RULES[`${apiVersion}/${kind}`] ?? NO_RULE;
}

/** Everything wrong with a new object; empty when it is valid. */
export function validateCreate(object: KubeObject, asked?: string): FieldError[] {
  const rule = ruleOf(object, asked);
  return [...validateMeta(object, rule.name ?? dns1123SubdomainProblem), ...judge(rule.create, object)];
}

/** Everything wrong with an object whose spec was changed through a subresource, whatever it was before. */
export function validateAlways(object: KubeObject): FieldError[] {
  const rule = ruleOf(object);
  return [...validateMeta(object, judgedBefore), ...judge(rule.always ?? rule.create, object)];
}

/** Everything wrong with `object` as the successor of `old`, spec and metadata; status has its own door. */
export function validateUpdate(object: KubeObject, old: KubeObject, asked?: string): FieldError[] {
  const rule = ruleOf(object, asked);
  const errors = [
    ...validateMeta(object, judgedBefore),
    ...validateObjectMetaUpdate(object.metadata, old.metadata),
  ];
  if (rule.update)
    return [
      ...errors,
      ...(rule.update as (object: KubeObject, old: KubeObject) => FieldError[])(object, old),
    ];
  return [...errors, ...judge(rule.create, object)];
}

/** Everything wrong with what a write through `subresource` made of `old`, beyond types and metadata. */
export function validateSubresource(subresource: string, object: KubeObject, old: KubeObject): FieldError[] {
  const rule = ruleOf(object);
  const errors = subresource === 'status' ? judgeStatus(rule.status, object, old) : [];
  if (rule.subresource === undefined) return errors;
  const judgeChange = rule.subresource as (name: string, now: KubeObject, before: KubeObject) => FieldError[];
  return [...errors, ...judgeChange(subresource, object, old)];
}

function judgeStatus(status: KindRule['status'], object: KubeObject, old: KubeObject): FieldError[] {
  return status === undefined
    ? []
    : (status as (now: KubeObject, before: KubeObject) => FieldError[])(object, old);
}

function judge(create: KindRule['create'], object: KubeObject): FieldError[] {
  return create === undefined ? [] : (create as (object: KubeObject) => FieldError[])(object);
}

/** What is wrong with the metadata that a write through a subresource made. */
export function validateMetadata(object: KubeObject): FieldError[] {
  return validateMeta(object, judgedBefore);
}

function validateMeta(object: KubeObject, nameRule: NameRule): FieldError[] {
  const { group, version } = splitApiVersion(object.apiVersion);
  const row = findKind(group, version, object.kind);
  if (row === undefined) return [invalid('kind', object.kind, 'is not a known kind')];
  return validateObjectMeta(object.metadata, row.namespaced, nameRule);
}
