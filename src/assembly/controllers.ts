/** The controllers of the server, each with the service account by whose role it acts and the name its Events carry. */
import { allResources } from '../api/resources.ts';
import type { CertificateSigner } from '../controllers/certificates/certificate-signer.ts';
import { newCertificateController } from '../controllers/certificates/controller.ts';
import { newClusterRoleAggregation } from '../controllers/clusterrole-aggregation/controller.ts';
import { newDeploymentController } from '../controllers/deployment/controller.ts';
import { newDisruptionController } from '../controllers/disruption/controller.ts';
import { newEndpointSliceController } from '../controllers/endpointslice/controller.ts';
import { newEndpointsController } from '../controllers/endpointslice/endpoints-controller.ts';
import { newEndpointSliceMirroring } from '../controllers/endpointslice/mirroring-controller.ts';
import type { Controller, ControllerContext } from '../controllers/framework/controller.ts';
import { newGarbageCollector } from '../controllers/garbage-collector/controller.ts';
import { newNamespaceController } from '../controllers/namespace/controller.ts';
import { newNodeLifecycleController } from '../controllers/node-lifecycle/controller.ts';
import { newPodGcController } from '../controllers/pod-gc/controller.ts';
import { newReplicaSetController, newReplicationController } from '../controllers/replicaset/controller.ts';
import { newResourceQuotaController } from '../controllers/resource-quota/controller.ts';
import { newRootCaController } from '../controllers/root-ca/controller.ts';
import { newServiceAccountController } from '../controllers/service-account/controller.ts';
import { newServiceCidrController } from '../controllers/service-cidrs/controller.ts';
import {
  newAttributesClassProtection,
  newClaimProtection,
  newVolumeProtection,
} from '../controllers/storage-protection/controller.ts';
import { newTaintEvictionController } from '../controllers/taint-eviction/controller.ts';
import { newTokenCleaner } from '../controllers/token-cleaner/controller.ts';
import { newTokenSecretController } from '../controllers/token-secret/controller.ts';

/** What of the cluster's certificates controllers hand out. */
export interface ClusterAuthority {
  /** PEM, published to every namespace. */
  clusterCa: string;
  certificateSigner: CertificateSigner;
}

interface ControllerRow {
  /** In kube-system; see apiserver/authz/bootstrap-controller-roles.ts. */
  account: string;
  /** As Events name it. */
  component: string;
  create: (context: ControllerContext, cluster: ClusterAuthority) => Controller;
}

export const CONTROLLERS: readonly ControllerRow[] = [
  {
    account: 'certificate-controller',
    component: 'certificate-controller',
    create: (context, { certificateSigner }) => newCertificateController(context, certificateSigner),
  },
  {
    account: 'clusterrole-aggregation-controller',
    component: 'clusterrole-aggregation-controller',
    create: newClusterRoleAggregation,
  },
  { account: 'deployment-controller', component: 'deployment-controller', create: newDeploymentController },
  { account: 'disruption-controller', component: 'controllermanager', create: newDisruptionController },
  { account: 'endpoint-controller', component: 'endpoint-controller', create: newEndpointsController },
  {
    account: 'endpointslice-controller',
    component: 'endpoint-slice-controller',
    create: newEndpointSliceController,
  },
  {
    account: 'endpointslicemirroring-controller',
    component: 'endpoint-slice-mirroring-controller',
    create: newEndpointSliceMirroring,
  },
  {
    account: 'generic-garbage-collector',
    component: 'garbage-collector-controller',
    create: (context) => newGarbageCollector(context, allResources()),
  },
  {
    account: 'namespace-controller',
    component: 'namespace-controller',
    create: (context) => newNamespaceController(context, allResources()),
  },
  { account: 'node-controller', component: 'node-controller', create: newNodeLifecycleController },
  {
    account: 'pod-garbage-collector',
    component: 'pod-garbage-collector',
    create: (context) => newPodGcController(context),
  },
  {
    account: 'pv-protection-controller',
    component: 'pv-protection-controller',
    create: newVolumeProtection,
  },
  {
    account: 'pvc-protection-controller',
    component: 'pvc-protection-controller',
    create: newClaimProtection,
  },
  { account: 'replicaset-controller', component: 'replicaset-controller', create: newReplicaSetController },
  {
    account: 'replication-controller',
    component: 'replication-controller',
    create: newReplicationController,
  },
  {
    account: 'resourcequota-controller',
    component: 'resourcequota-controller',
    create: (context) => newResourceQuotaController(context, allResources()),
  },
  {
    account: 'root-ca-cert-publisher',
    component: 'root-ca-cert-publisher',
    create: (context, { clusterCa }) => newRootCaController(context, clusterCa),
  },
  {
    account: 'service-account-controller',
    component: 'service-account-controller',
    create: newServiceAccountController,
  },
  {
    account: 'service-cidrs-controller',
    component: 'service-cidrs-controller',
    create: newServiceCidrController,
  },
  { account: 'node-controller', component: 'taint-eviction-controller', create: newTaintEvictionController },
  {
    account: 'volumeattributesclass-protection-controller',
    component: 'volumeattributesclass-protection-controller',
    create: newAttributesClassProtection,
  },
  { account: 'token-cleaner', component: 'token-cleaner', create: newTokenCleaner },
  {
    account: 'tokens-controller',
    component: 'tokens-controller',
    create: (context, { clusterCa }) => newTokenSecretController(context, clusterCa),
  },
];
