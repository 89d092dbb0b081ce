/**
 * Fills in what Kubernetes fills in when an object is decoded: one row for each kind that has defaults.
 *
 * Works on the freshly decoded object itself, which nobody else holds yet. Idempotent.
 */
import type { KubeObject } from '../meta.ts';
import type { Field, Schema } from '../schema.ts';
import * as admission from './admission.ts';
import { defaultHorizontalPodAutoscaler } from './autoscaling.ts';
import * as cluster from './cluster.ts';
import { defaultResourceClaim, defaultResourceClaimTemplate } from './device-claims.ts';
import { defaultFlowSchema, defaultPriorityLevel } from './flow-control.ts';
import { defaultPod, defaultPodTemplate } from './pod-spec.ts';
import * as workloads from './workloads.ts';

type Defaulter = (object: never) => void;

const ADMISSION: Readonly<Record<string, Defaulter>> = Object.fromEntries(
  ['v1', 'v1beta1', 'v1alpha1'].flatMap((version) =>
    ['Mutating', 'Validating'].flatMap((sort) => [
      [`admissionregistration.k8s.io/${version}/${sort}AdmissionPolicy`, admission.defaultPolicy],
      [
        `admissionregistration.k8s.io/${version}/${sort}AdmissionPolicyBinding`,
        admission.defaultPolicyBinding,
      ],
    ]),
  ),
);

const DEFAULTERS: Readonly<Record<string, Defaulter>> = {
  ...ADMISSION,
  'v1/Endpoints': cluster.defaultEndpoints,
  'v1/LimitRange': cluster.defaultLimitRange,
  'v1/Namespace': cluster.defaultNamespace,
  'v1/Node': cluster.defaultNode,
  'v1/PersistentVolume': cluster.defaultPersistentVolume,
  'v1/PersistentVolumeClaim': cluster.defaultPersistentVolumeClaim,
  'v1/Pod': defaultPod,
  'v1/PodTemplate': (object: { template?: Parameters<typeof defaultPodTemplate>[0] }) =>
    defaultPodTemplate(object.template),
  'v1/ReplicationController': workloads.defaultReplicationController,
  'v1/Secret': cluster.defaultSecret,
  'v1/Service': cluster.defaultService,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': admission.defaultMutatingWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': admission.defaultValidatingWebhooks,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': cluster.defaultDefinition,
  'apiregistration.k8s.io/v1/APIService': cluster.defaultApiService,
  'apps/v1/DaemonSet': workloads.defaultDaemonSet,
  'apps/v1/Deployment': workloads.defaultDeployment,
  'apps/v1/ReplicaSet': workloads.defaultReplicaSet,
  'apps/v1/StatefulSet': workloads.defaultStatefulSet,
  'autoscaling/v2/HorizontalPodAutoscaler': defaultHorizontalPodAutoscaler,
  'batch/v1/CronJob': workloads.defaultCronJob,
  'batch/v1/Job': workloads.defaultJob,
  'discovery.k8s.io/v1/EndpointSlice': cluster.defaultEndpointSlice,
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': defaultFlowSchema,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': defaultPriorityLevel,
  'networking.k8s.io/v1/IngressClass': cluster.defaultIngressClass,
  'networking.k8s.io/v1/NetworkPolicy': cluster.defaultNetworkPolicy,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': cluster.defaultBinding,
  'rbac.authorization.k8s.io/v1/RoleBinding': cluster.defaultBinding,
  'resource.k8s.io/v1/ResourceClaim': defaultResourceClaim,
  'resource.k8s.io/v1/ResourceClaimTemplate': defaultResourceClaimTemplate,
  'scheduling.k8s.io/v1/PriorityClass': cluster.defaultPriorityClass,
  'storage.k8s.io/v1/CSIDriver': cluster.defaultCsiDriver,
  'storage.k8s.io/v1/StorageClass': cluster.defaultStorageClass,
};

/**
 * Applies the defaults of `object`'s kind, in place; kinds without a row have none but those of structs.
 * Objects must have passed the structural validation: required fields of required objects are there or empty.
 *
 * @param schema  of its kind
 */
export function applyDefaults(object: KubeObject, schema: Schema): void {
  fillStructs(object, schema);
  const defaulter = DEFAULTERS[`${object.apiVersion}/${object.kind}`] as
    | ((object: KubeObject) => void)
    | undefined;
  defaulter?.(object);
}

/** Upstream's structs are never absent: a missing `spec` is an empty one, which validation then judges. */
function fillStructs(object: KubeObject & { spec?: unknown; status?: unknown }, { fields }: Schema): void {
  if (object.spec === undefined && isStruct(fields.get('spec'))) object.spec = {};
  if (object.status === undefined && isStruct(fields.get('status'))) object.status = {};
}

function isStruct(field: Field | undefined): boolean {
  return field?.schema !== undefined && field.shape === 'one' && !field.pointer;
}
