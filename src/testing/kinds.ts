/**
 * The words by which a test names a kind (`Pod`, `pod`, `pods`, `po`), and the type of object that each stands for.
 * Where several groups know a word, it is that of the first in upstream's order, as in kubectl.
 */
import type * as admission from '../api/generated/admissionregistration-v1.ts';
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts';
import type { APIService } from '../api/generated/apiregistration-v1.ts';
import type * as apps from '../api/generated/apps-v1.ts';
import type { HorizontalPodAutoscaler } from '../api/generated/autoscaling-v2.ts';
import type { CronJob, Job } from '../api/generated/batch-v1.ts';
import type { CertificateSigningRequest } from '../api/generated/certificates-v1.ts';
import type { Lease } from '../api/generated/coordination-v1.ts';
import type * as core from '../api/generated/core-v1.ts';
import type { EndpointSlice } from '../api/generated/discovery-v1.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../api/generated/flowcontrol-v1.ts';
import type * as networking from '../api/generated/networking-v1.ts';
import type { RuntimeClass } from '../api/generated/node-v1.ts';
import type { PodDisruptionBudget } from '../api/generated/policy-v1.ts';
import type * as rbac from '../api/generated/rbac-v1.ts';
import type * as resource from '../api/generated/resource-v1.ts';
import type { PriorityClass } from '../api/generated/scheduling-v1.ts';
import type * as storage from '../api/generated/storage-v1.ts';
import type { KubeObject } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';

/** By kind: what is stored. */
export interface Kinds {
  ConfigMap: core.ConfigMap;
  Endpoints: core.Endpoints;
  Event: core.Event;
  LimitRange: core.LimitRange;
  Namespace: core.Namespace;
  Node: core.Node;
  PersistentVolume: core.PersistentVolume;
  PersistentVolumeClaim: core.PersistentVolumeClaim;
  Pod: core.Pod;
  PodTemplate: core.PodTemplate;
  ReplicationController: core.ReplicationController;
  ResourceQuota: core.ResourceQuota;
  Secret: core.Secret;
  Service: core.Service;
  ServiceAccount: core.ServiceAccount;
  APIService: APIService;
  ControllerRevision: apps.ControllerRevision;
  DaemonSet: apps.DaemonSet;
  Deployment: apps.Deployment;
  ReplicaSet: apps.ReplicaSet;
  StatefulSet: apps.StatefulSet;
  HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  CronJob: CronJob;
  Job: Job;
  CertificateSigningRequest: CertificateSigningRequest;
  IPAddress: networking.IPAddress;
  Ingress: networking.Ingress;
  IngressClass: networking.IngressClass;
  NetworkPolicy: networking.NetworkPolicy;
  ServiceCIDR: networking.ServiceCIDR;
  PodDisruptionBudget: PodDisruptionBudget;
  ClusterRole: rbac.ClusterRole;
  ClusterRoleBinding: rbac.ClusterRoleBinding;
  Role: rbac.Role;
  RoleBinding: rbac.RoleBinding;
  CSIDriver: storage.CSIDriver;
  CSINode: storage.CSINode;
  CSIStorageCapacity: storage.CSIStorageCapacity;
  StorageClass: storage.StorageClass;
  VolumeAttachment: storage.VolumeAttachment;
  VolumeAttributesClass: storage.VolumeAttributesClass;
  MutatingAdmissionPolicy: admission.MutatingAdmissionPolicy;
  MutatingAdmissionPolicyBinding: admission.MutatingAdmissionPolicyBinding;
  MutatingWebhookConfiguration: admission.MutatingWebhookConfiguration;
  ValidatingAdmissionPolicy: admission.ValidatingAdmissionPolicy;
  ValidatingAdmissionPolicyBinding: admission.ValidatingAdmissionPolicyBinding;
  ValidatingWebhookConfiguration: admission.ValidatingWebhookConfiguration;
  CustomResourceDefinition: CustomResourceDefinition;
  PriorityClass: PriorityClass;
  Lease: Lease;
  RuntimeClass: RuntimeClass;
  EndpointSlice: EndpointSlice;
  DeviceClass: resource.DeviceClass;
  ResourceClaim: resource.ResourceClaim;
  ResourceClaimTemplate: resource.ResourceClaimTemplate;
  ResourceSlice: resource.ResourceSlice;
  FlowSchema: FlowSchema;
  PriorityLevelConfiguration: PriorityLevelConfiguration;
}

/** The short names whose types are known; the others work too, and yield {@link AnyObject}. */
export interface ShortNames {
  cm: 'ConfigMap';
  ep: 'Endpoints';
  ev: 'Event';
  ns: 'Namespace';
  no: 'Node';
  pv: 'PersistentVolume';
  pvc: 'PersistentVolumeClaim';
  po: 'Pod';
  sa: 'ServiceAccount';
  svc: 'Service';
  deploy: 'Deployment';
  ds: 'DaemonSet';
  rs: 'ReplicaSet';
  sts: 'StatefulSet';
  cj: 'CronJob';
  hpa: 'HorizontalPodAutoscaler';
  ing: 'Ingress';
  netpol: 'NetworkPolicy';
  pdb: 'PodDisruptionBudget';
  crd: 'CustomResourceDefinition';
}

type Plural<Singular extends string> = Singular extends 'endpoints'
  ? Singular
  : Singular extends `${string}s`
    ? `${Singular}es`
    : Singular extends `${infer Stem}y`
      ? `${Stem}ies`
      : `${Singular}s`;

type ByWord = {
  [K in keyof Kinds as K | Lowercase<K> | Plural<Lowercase<K>>]: Kinds[K];
} & { [S in keyof ShortNames]: Kinds[ShortNames[S]] };

/** A word whose type is known. */
export type KindWord = keyof ByWord;

/** An object of whose kind the compiler knows nothing. */
export interface AnyObject extends KubeObject {
  [field: string]: unknown;
}

/** What names a resource: a word, or a {@link ResourceRef} with a type of the caller's own. */
export type Resource = KindWord | (string & {}) | ResourceRef<KubeObject>;

/** The type of the objects that `R` names. */
export type ObjectOf<R> =
  R extends ResourceRef<infer T extends KubeObject> ? T : R extends keyof ByWord ? ByWord[R] : AnyObject;
