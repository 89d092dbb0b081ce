/**
 * The table of printers: what `kubectl get` shows of each kind. Kinds without a row show name and age.
 */
import type { KubeObject } from '../meta.ts';
import type { ResourceRow } from '../resource-row.ts';
import { apiServicePrinter } from './api-service.ts';
import { certificateSigningRequestPrinter } from './certificate.ts';
import * as cluster from './cluster.ts';
import { AGE, type KindPrinter, NAME, type TableColumn } from './column.ts';
import { flowSchemaPrinter, priorityLevelPrinter } from './flow-control.ts';
import { nodeMetricsPrinter, podMetricsPrinter } from './metrics.ts';
import { podPrinter } from './pod.ts';
import { resourceQuotaPrinter } from './resource-quota.ts';
import { ipAddressPrinter, serviceCidrPrinter } from './service-addresses.ts';
import { age } from './values.ts';
import * as workloads from './workloads.ts';

export type { TableColumn } from './column.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

const PRINTERS: Readonly<Record<string, KindPrinter<never>>> = {
  'v1/ConfigMap': cluster.configMapPrinter,
  'v1/Endpoints': cluster.endpointsPrinter,
  'v1/Event': cluster.eventPrinter,
  'v1/Namespace': cluster.namespacePrinter,
  'v1/Node': cluster.nodePrinter,
  'v1/PersistentVolume': cluster.persistentVolumePrinter,
  'v1/PersistentVolumeClaim': cluster.persistentVolumeClaimPrinter,
  'v1/Pod': podPrinter,
  'v1/ReplicationController': workloads.replicationControllerPrinter,
  'v1/ResourceQuota': resourceQuotaPrinter,
  'v1/Secret': cluster.secretPrinter,
  'v1/Service': cluster.servicePrinter,
  'v1/ServiceAccount': cluster.serviceAccountPrinter,
  'apiregistration.k8s.io/v1/APIService': apiServicePrinter,
  'apps/v1/ControllerRevision': workloads.controllerRevisionPrinter,
  'apps/v1/DaemonSet': workloads.daemonSetPrinter,
  'apps/v1/Deployment': workloads.deploymentPrinter,
  'apps/v1/ReplicaSet': workloads.replicaSetPrinter,
  'apps/v1/StatefulSet': workloads.statefulSetPrinter,
  'autoscaling/v2/HorizontalPodAutoscaler': workloads.autoscalerPrinter,
  'batch/v1/CronJob': workloads.cronJobPrinter,
  'batch/v1/Job': workloads.jobPrinter,
  'certificates.k8s.io/v1/CertificateSigningRequest': certificateSigningRequestPrinter,
  'coordination.k8s.io/v1/Lease': cluster.leasePrinter,
  'discovery.k8s.io/v1/EndpointSlice': cluster.endpointSlicePrinter,
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': flowSchemaPrinter,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': priorityLevelPrinter,
  'metrics.k8s.io/v1beta1/NodeMetrics': nodeMetricsPrinter,
  'metrics.k8s.io/v1beta1/PodMetrics': podMetricsPrinter,
  'networking.k8s.io/v1/Ingress': cluster.ingressPrinter,
  'networking.k8s.io/v1/IPAddress': ipAddressPrinter,
  'networking.k8s.io/v1/NetworkPolicy': cluster.networkPolicyPrinter,
  'networking.k8s.io/v1/ServiceCIDR': serviceCidrPrinter,
  'policy/v1/PodDisruptionBudget': workloads.disruptionBudgetPrinter,
  'scheduling.k8s.io/v1/PriorityClass': cluster.priorityClassPrinter,
  'storage.k8s.io/v1/StorageClass': cluster.storageClassPrinter,
  [`${RBAC}/ClusterRole`]: cluster.rolePrinter,
  [`${RBAC}/ClusterRoleBinding`]: cluster.bindingPrinter,
  [`${RBAC}/Role`]: cluster.rolePrinter,
  [`${RBAC}/RoleBinding`]: cluster.bindingPrinter,
};

const DEFAULT_PRINTER: KindPrinter<KubeObject> = {
  columns: [NAME, AGE],
  cells: (object, nowMs) => [object.metadata.name, age(object, nowMs)],
};

function printerOf(row: Pick<ResourceRow, 'group' | 'version' | 'kind'>): KindPrinter<KubeObject> {
  const apiVersion = row.group === '' ? row.version : `${row.group}/${row.version}`;
  return (PRINTERS[`${apiVersion}/${row.kind}`] as KindPrinter<KubeObject> | undefined) ?? DEFAULT_PRINTER;
}

export function tableColumns(row: Pick<ResourceRow, 'group' | 'version' | 'kind'>): readonly TableColumn[] {
  return printerOf(row).columns;
}

/** One value for each of {@link tableColumns}. */
export function tableCells(
  row: Pick<ResourceRow, 'group' | 'version' | 'kind'>,
  object: KubeObject,
  nowMs: number,
): unknown[] {
  return printerOf(row).cells(object, nowMs);
}

/** The objects of a list in the order in which they are shown. */
export function inTableOrder<T extends KubeObject>(
  row: Pick<ResourceRow, 'group' | 'version' | 'kind'>,
  objects: readonly T[],
): readonly T[] {
  const { compare } = printerOf(row);
  return compare === undefined ? objects : [...objects].sort(compare);
}
