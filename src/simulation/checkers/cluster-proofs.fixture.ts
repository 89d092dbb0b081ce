/** Clusters that do not heal, and which checker says so. Holds no tests of its own. */
import { NAMESPACES } from '../../api/resources.ts';
import {
  breakServer,
  createReplicaSet,
  isFrom,
  never,
  type Proof,
  REFUSED,
  SUCCESS,
  serviceAccount,
} from './proof.fixture.ts';

export const CLUSTER_PROOFS: readonly Proof[] = [
  {
    checker: 'workloads-ready',
    broken: 'a ReplicaSet controller that may create nothing',
    isLiveness: true,
    async run(world) {
      const controller = serviceAccount('replicaset-controller');
      breakServer(world, async (request, whole) => {
        const isCreation = request.method === 'POST' && request.path.endsWith('/pods');
        return isCreation && isFrom(controller, request) ? REFUSED : whole();
      });
      await createReplicaSet(world, 2);
      await world.advance(60_000);
    },
    says: /^ReplicaSet default\/web wants 2 Pods and has 0$/,
  },
  {
    checker: 'workloads-ready',
    broken: 'a scheduler and an agent that leave a Pod alone',
    isLiveness: true,
    options: { programs: { web: { preloaded: true, runs: [{ startMs: 600_000 }] } } },
    async run(world) {
      await createReplicaSet(world, 1);
      await world.advance(60_000);
    },
    says: /^Pod default\/web-\S+ is not ready: on node-\d, Pending, web ContainerCreating$/,
  },
  {
    checker: 'nodes-ready',
    broken: 'an agent whose heartbeats are lost',
    isLiveness: true,
    async run(world) {
      breakServer(world, async (request, whole) =>
        request.path.endsWith('/leases/node-1') && request.method !== 'GET' ? SUCCESS : whole(),
      );
      await world.advance(120_000);
    },
    says: /^Node node-1 (does not renew its Lease|is not ready: NodeStatusUnknown)$/,
  },
  {
    checker: 'leftovers',
    broken: 'a namespace controller that never finishes',
    isLiveness: true,
    async run(world) {
      const controller = serviceAccount('namespace-controller');
      breakServer(world, async (request, whole) =>
        isFrom(controller, request) && request.method !== 'GET' ? SUCCESS : whole(),
      );
      const metadata = { name: 'team' };
      await world.finish(
        world.client().create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} }, never),
      );
      await world.finish(world.client().delete(NAMESPACES, metadata, {}, never));
      await world.advance(180_000);
    },
    says: /^\/registry\/namespaces\/team is left: it should have gone at \S+$/,
  },
];
