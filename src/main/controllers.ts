/** The controllers of the server, each with the service account by whose role it acts and the name its Events carry. */
import { newDeploymentController } from '../controllers/deployment/controller.ts';
import { newEndpointSliceController } from '../controllers/endpointslice/controller.ts';
import type { Controller, ControllerContext } from '../controllers/framework/controller.ts';
import { newReplicaSetController } from '../controllers/replicaset/controller.ts';

interface ControllerRow {
  /** In kube-system; see apiserver/authz/bootstrap-controller-roles.ts. */
  account: string;
  component: string;
  create(context: ControllerContext, clusterCa: string): Controller;
}

export const CONTROLLERS: readonly ControllerRow[] = [
  { account: 'deployment-controller', component: 'deployment-controller', create: newDeploymentController },
  {
    account: 'endpointslice-controller',
    component: 'endpoint-slice-controller',
    create: newEndpointSliceController,
  },
  { account: 'replicaset-controller', component: 'replicaset-controller', create: newReplicaSetController },
];
