/**
 * Fills in what Kubernetes fills in when an object is decoded: one row for each kind that has defaults.
 *
 * Works on the freshly decoded object itself, which nobody else holds yet. Idempotent.
 */
import type { KubeObject } from '../meta.ts';
import * as admission from './admission.ts';
import * as cluster from './cluster.ts';
import { defaultPod, defaultPodTemplate } from './pod-spec.ts';
import * as workloads from './workloads.ts';

type Defaulter = (object: never) => void;

/** Upstream's structs are never absent: a missing `spec` is an empty one, which validation then judges. */
function withSpec(defaulter: (object: never) => void): Defaulter {
  return (object: { spec?: object }) => {
    object.spec ??= {};
    defaulter(object as never);
  };
}

const ADMISSION: Readonly<Record<string, Defaulter>> = Object.fromEntries(
  ['v1', 'v1beta1', 'v1alpha1'].flatMap((version) =>
    ['Mutating', 'Validating'].flatMap((sort) => [
      [`admissionregistration.k8s.io/${version}/${sort}AdmissionPolicy`, withSpec(admission.defaultPolicy)],
      [
        `admissionregistration.k8s.io/${version}/${sort}AdmissionPolicyBinding`,
        withSpec(admission.defaultPolicyBinding),
      ],
    ]),
  ),
);

const DEFAULTERS: Readonly<Record<string, Defaulter>> = {
  ...ADMISSION,
  'v1/Endpoints': cluster.defaultEndpoints,
  'v1/LimitRange': withSpec(cluster.defaultLimitRange),
  'v1/Namespace': cluster.defaultNamespace,
  'v1/Node': cluster.defaultNode,
  'v1/PersistentVolume': withSpec(cluster.defaultPersistentVolume),
  'v1/PersistentVolumeClaim': withSpec(cluster.defaultPersistentVolumeClaim),
  'v1/Pod': withSpec(defaultPod),
  'v1/PodTemplate': (object: { template?: Parameters<typeof defaultPodTemplate>[0] }) =>
    defaultPodTemplate(object.template),
  'v1/ReplicationController': withSpec(workloads.defaultReplicationController),
  'v1/Secret': cluster.defaultSecret,
  'v1/Service': withSpec(cluster.defaultService),
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': admission.defaultMutatingWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': admission.defaultValidatingWebhooks,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': withSpec(cluster.defaultDefinition),
  'apps/v1/DaemonSet': withSpec(workloads.defaultDaemonSet),
  'apps/v1/Deployment': withSpec(workloads.defaultDeployment),
  'apps/v1/ReplicaSet': withSpec(workloads.defaultReplicaSet),
  'apps/v1/StatefulSet': withSpec(workloads.defaultStatefulSet),
  'autoscaling/v2/HorizontalPodAutoscaler': withSpec(workloads.defaultHorizontalPodAutoscaler),
  'batch/v1/CronJob': withSpec(workloads.defaultCronJob),
  'batch/v1/Job': withSpec(workloads.defaultJob),
  'discovery.k8s.io/v1/EndpointSlice': cluster.defaultEndpointSlice,
  'networking.k8s.io/v1/NetworkPolicy': withSpec(cluster.defaultNetworkPolicy),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': cluster.defaultBinding,
  'rbac.authorization.k8s.io/v1/RoleBinding': cluster.defaultBinding,
  'scheduling.k8s.io/v1/PriorityClass': cluster.defaultPriorityClass,
  'storage.k8s.io/v1/StorageClass': cluster.defaultStorageClass,
};

/**
 * Applies the defaults of `object`'s kind, in place. Kinds without a row are left as they are.
 * Objects must have passed the structural validation: required fields of required objects are there or empty.
 */
export function applyDefaults(object: KubeObject): void {
  const defaulter = DEFAULTERS[`${object.apiVersion}/${object.kind}`] as
    | ((object: KubeObject) => void)
    | undefined;
  defaulter?.(object);
}
