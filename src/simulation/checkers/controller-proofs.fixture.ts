/** Broken controllers, a broken scheduler, a broken collector, and which checker says so. Holds no tests of its own. */
import type { KubeObject } from '../../api/meta.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import {
  DEPLOYMENTS,
  LEASES,
  NODES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  RESOURCE_QUOTAS,
  STATEFUL_SETS,
} from '../../api/resources.ts';
import { silentLogger } from '../../base/logger.ts';
import { newInformerFactory } from '../../client/informer-factory.ts';
import { newSeededRandom } from '../sim-random.ts';
import { LEADER_LEASE, newControlPlaneProgram } from '../world/sim-control-plane.ts';
import { createDeployment } from '../world/world.fixture.ts';
import { CONTROL_PLANE, type World } from '../world/world.ts';
import {
  breakServer,
  createPod,
  createReplicaSet,
  isFrom,
  never,
  type Proof,
  runRogue,
  SUCCESS,
  serviceAccount,
  untilReady,
  WEB,
  WEB_TEMPLATE,
} from './proof.fixture.ts';

const STATEFUL_SET = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: WEB,
  spec: { serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template: WEB_TEMPLATE },
} as const;
const COLLECTOR = serviceAccount('generic-garbage-collector');

/** Creates what its copy lacks, and forgets what it has just created. */
function runForgetfulReplicaSetController(world: World): void {
  runRogue(world, serviceAccount('replicaset-controller'), async (client, life, signal) => {
    const random = newSeededRandom(1);
    const informers = newInformerFactory({ client, clock: life.clock, random, log: silentLogger });
    const pods = informers.informer(PODS);
    const sets = informers.informer(REPLICA_SETS);
    const informing = informers.run(signal);
    for (;;) {
      await life.clock.sleep(100, signal);
      for (const { metadata, spec } of sets.list()) {
        const found = pods.list().filter(isPodActive).length;
        const reference = {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
        };
        for (let i = found; i < (spec.replicas ?? 1); i++) {
          const name = `web-${random.next().toString(36).slice(2, 8)}`;
          const own = { ...WEB_TEMPLATE.metadata, name, namespace: 'default', ownerReferences: [reference] };
          await client.create(
            PODS,
            { apiVersion: 'v1', kind: 'Pod', metadata: own, spec: WEB_TEMPLATE.spec },
            signal,
          );
        }
      }
      if (life.hasEnded) return informing;
    }
  });
}

const setScale = (world: World, replicas: number) => {
  const [rs] = world.objects(REPLICA_SETS);
  const target = { namespace: 'default', name: rs!.metadata.name };
  return world.finish(
    world
      .client(serviceAccount('deployment-controller'))
      .patch(REPLICA_SETS, target, { type: 'merge', body: { spec: { replicas } } }, never),
  );
};

const createQuota = (world: World, pods: number) => {
  const spec = { hard: { pods: String(pods) } };
  const object = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: WEB, spec } as const;
  return world.finish(world.client().create(RESOURCE_QUOTAS, object, never));
};

const evict = (world: World, name: string) => {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace: 'default', name } };
  return world.finish(
    world.client().createSubresource(PODS, { namespace: 'default', name }, { name: 'eviction', body }, never),
  );
};

export const CONTROLLER_PROOFS: readonly Proof[] = [
  {
    checker: 'replica-bound',
    broken: 'a ReplicaSet controller without expectations',
    options: { controllers: 'apart' },
    async run(world) {
      world.machine(CONTROL_PLANE).process('controllers')!.freeze();
      world.network.disturb({ from: CONTROL_PLANE, to: 'rogue', change: { watchLagMs: 400 } });
      runForgetfulReplicaSetController(world);
      await world.advance(2000);
      await createReplicaSet(world, 3);
      await world.advance(5000);
    },
    says: /^ReplicaSet default\/web wants 3 Pods, and has 4 active with the new web-\S+$/,
  },
  {
    checker: 'rollout-bound',
    broken: 'a Deployment controller that knows no maxSurge',
    async run(world) {
      await createDeployment(world, 4);
      await untilReady(world, 4);
      await setScale(world, 6);
      await world.advance(1000);
    },
    says: /^Deployment default\/web may have 5 Pods; with 6 in default\/web-\S+ it wants 6$/,
  },
  {
    checker: 'rollout-bound',
    broken: 'a Deployment controller that takes one Pod too many away',
    options: { programs: { web: { preloaded: true, runs: [{ ports: [80] }] }, 'web-2': { runs: [{}] } } },
    async run(world) {
      await createDeployment(world, 4);
      await untilReady(world, 4);
      const probe = { readinessProbe: { tcpSocket: { port: 80 } } };
      const containers = [{ name: 'web', image: 'web-2', ...probe }];
      const body = { spec: { template: { spec: { containers } } } };

      await world.finish(world.client().patch(DEPLOYMENTS, WEB, { type: 'strategic', body }, never));
      await world.advance(10_000);
      const old = world
        .objects(REPLICA_SETS)
        .find(({ spec }) => spec.template?.spec?.containers[0]?.image === 'web')!;
      const target = { namespace: 'default', name: old.metadata.name };
      const replicas = old.spec.replicas! - 1;
      await world.finish(
        world.client().patch(REPLICA_SETS, target, { type: 'merge', body: { spec: { replicas } } }, never),
      );
      await world.advance(1000);
    },
    says: /^Deployment default\/web needs 3 available Pods; default\/web-\S+ was lowered to 2, which leaves 2$/,
  },
  {
    checker: 'statefulset-identity',
    broken: 'a StatefulSet controller that replaces a Pod on a node that it cannot reach',
    async run(world) {
      const { metadata } = await world.finish(world.client().create(STATEFUL_SETS, STATEFUL_SET, never));
      const { name, uid } = metadata;
      const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true };
      await createPod(world, 'web-0', { nodeName: 'node-1' }, owner);
      await untilReady(world, 1);
      world.network.disturb({ from: CONTROL_PLANE, to: 'node-1', change: { isCut: true } });
      const rogue = world.client(serviceAccount('statefulset-controller'));
      await world.finish(
        rogue.delete(PODS, { namespace: 'default', name: 'web-0' }, { gracePeriodSeconds: 0 }, never),
      );
      await createPod(world, 'web-0', { nodeName: 'node-2' }, owner);
      await world.advance(10_000);
    },
    says: /^Pod default\/web-0 \(\S+\) starts web on node-2, and the one before it \(\S+\) still runs on node-1$/,
  },
  {
    checker: 'disruption-budget',
    broken: 'a disruption controller that counts one Pod too many',
    options: { controllers: 'apart' },
    async run(world) {
      await createDeployment(world, 3);
      await untilReady(world, 3);
      const spec = { minAvailable: 2, selector: { matchLabels: { app: 'web' } } };
      const object = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: WEB, spec } as const;
      const { metadata } = await world.finish(world.client().create(POD_DISRUPTION_BUDGETS, object, never));
      await world.advance(5000);
      world.machine(CONTROL_PLANE).process('controllers')!.freeze();
      const status = {
        observedGeneration: metadata.generation,
        disruptionsAllowed: 2,
        currentHealthy: 4,
        desiredHealthy: 2,
        expectedPods: 3,
      };
      await world.finish(
        world
          .client()
          .patch(
            POD_DISRUPTION_BUDGETS,
            WEB,
            { type: 'merge', body: { status }, subresource: 'status' },
            never,
          ),
      );
      const names = world.objects(PODS).map((pod) => pod.metadata.name);
      for (const name of names.slice(0, 2)) await evict(world, name);
      await world.advance(1000);
    },
    says: /^the eviction of default\/web-\S+ leaves 1 healthy Pods; budget default\/web wants 2$/,
  },
  {
    checker: 'quota-bound',
    broken: 'a quota that forgets what it was charged',
    options: { controllers: 'apart' },
    async run(world) {
      await createQuota(world, 2);
      await world.advance(2000);
      world.machine(CONTROL_PLANE).process('controllers')!.freeze();
      for (const name of ['web-1', 'web-2']) await createPod(world, name, {});
      await world.finish(
        world
          .client()
          .patch(
            RESOURCE_QUOTAS,
            WEB,
            { type: 'merge', body: { status: { used: { pods: '1' } } }, subresource: 'status' },
            never,
          ),
      );
      await createPod(world, 'web-3', {});
      await world.advance(1000);
    },
    says: /^default\/web-3 makes 3 Pods; quota default\/web allows 2$/,
  },
  {
    checker: 'quota-bound',
    broken: 'a quota controller that gives nothing back',
    options: { controllers: 'apart' },
    isLiveness: true,
    async run(world) {
      await createQuota(world, 2);
      await createPod(world, 'web-1', {});
      await world.advance(2000);
      world.machine(CONTROL_PLANE).process('controllers')!.freeze();
      const target = { namespace: 'default', name: 'web-1' };
      await world.finish(world.client().delete(PODS, target, { gracePeriodSeconds: 0 }, never));
      await world.advance(10_000);
    },
    says: /^quota default\/web says that 1 Pods of 0 are used$/,
  },
  {
    checker: 'single-leader',
    broken: 'a candidate that acts without the lead',
    options: { controllers: 2 },
    async run(world) {
      const process = 'rogue/controllers';
      const program = newControlPlaneProgram({
        identity: 'rogue',
        random: newSeededRandom(1),
        log: silentLogger,
        transport: (life, user) => world.transportOf({ party: 'rogue', process, life, user }),
      });
      world.addMachine('rogue', { controllers: program });
      await world.advance(5000);
      await createDeployment(world, 3);
      await world.advance(10_000);
    },
    says: /^rogue\/controllers sent \S+ \S+ as system:\S+, \S+ ms after controllers-[12] took the lead$/,
  },
  {
    checker: 'single-leader',
    broken: 'a candidate that takes the lead too soon',
    options: { controllers: 2 },
    async run(world) {
      const lease = await world.finish(world.client().get(LEASES, LEADER_LEASE, never));
      const spec = { ...lease.spec, holderIdentity: 'rogue_1' };
      await world.finish(world.client().update(LEASES, { ...lease, spec }, never));
    },
    says: /^rogue_1 took the lead \d+ ms after controllers-[12]_1 had renewed it$/,
  },
  {
    checker: 'ownership',
    broken: 'a garbage collector that takes what has an owner',
    async run(world) {
      await createReplicaSet(world, 2);
      await untilReady(world, 2);
      const { name } = world.objects(PODS)[0]!.metadata;
      await world.finish(world.client(COLLECTOR).delete(PODS, { namespace: 'default', name }, {}, never));
      await world.advance(1000);
    },
    says: /^the garbage collector sent DELETE \S+; its owner \/registry\/apps\/replicasets\/default\/web \(\S+\) lives$/,
  },
  {
    checker: 'ownership',
    broken: 'a garbage collector that takes nothing',
    async run(world) {
      await createReplicaSet(world, 2);
      await untilReady(world, 2);
      breakServer(world, async (request, whole) =>
        isFrom(COLLECTOR, request) && request.method === 'DELETE' ? SUCCESS : whole(),
      );
      await world.finish(
        world.client().delete(REPLICA_SETS, WEB, { propagationPolicy: 'Background' }, never),
      );
      await world.advance(150_000);
    },
    says: /^\/registry\/pods\/default\/web-\S+ \(\S+\) is left, and its owners are gone: \S+$/,
  },
  {
    checker: 'node-silence',
    broken: 'a node controller that trusts its wall clock',
    async run(world) {
      runRogue(world, serviceAccount('node-controller'), async (client, life, signal) => {
        const informers = newInformerFactory({
          client,
          clock: life.clock,
          random: newSeededRandom(1),
          log: silentLogger,
        });
        informers.informer(LEASES, { namespace: 'kube-node-lease' });
        const informing = informers.run(signal);
        await life.clock.sleep(30_000, signal);
        const node = await client.get(NODES, { name: 'node-1' }, signal);
        const conditions = node.status!.conditions!.map((condition) =>
          condition.type === 'Ready' ? { ...condition, status: 'Unknown' as const } : condition,
        );
        await client.updateStatus(NODES, { ...node, status: { ...node.status, conditions } }, signal);
        await informing;
      });
      await world.advance(40_000);
    },
    says: /^rogue\/controllers says that Node node-1 is silent, and has heard of it \d+ ms ago$/,
  },
  {
    checker: 'taint-eviction',
    broken: 'a controller that leaves Pods where a taint forbids them',
    async run(world) {
      await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      breakServer(world, async (request, whole) =>
        request.method === 'DELETE' && isFrom(serviceAccount('node-controller'), request) ? SUCCESS : whole(),
      );
      const body = { spec: { taints: [{ key: 'maintenance', effect: 'NoExecute' }] } };
      await world.finish(world.client().patch(NODES, { name: 'node-1' }, { type: 'merge', body }, never));
      await world.advance(200_000);
    },
    says: /^Pod default\/web-0 stays on node-1, which has the taint maintenance:NoExecute since \d+ ms$/,
  },
  {
    checker: 'placement',
    broken: 'a scheduler that heeds no taint',
    options: { nodes: [{ name: 'node-1', taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }] },
    async run(world) {
      await world.advance(70_000);
      await createPod(world, 'web-0', { schedulerName: 'rogue' });
      await bind(world, 'web-0');
    },
    says: /^Pod default\/web-0 is bound to node-1, which has the taint gpu:NoSchedule$/,
  },
  {
    checker: 'placement',
    broken: 'a scheduler that counts no requests',
    options: { nodes: [{ name: 'node-1', capacity: { cpu: '1' } }] },
    async run(world) {
      for (const name of ['web-0', 'web-1']) {
        const resources = { requests: { cpu: '600m' } };
        await createPod(world, name, {
          schedulerName: 'rogue',
          containers: [{ name: 'web', image: 'web', resources }],
        });
        await bind(world, name);
      }
    },
    says: /^Pod default\/web-1 is bound to node-1, which has 1000 of cpu for the 1200 that its Pods ask for$/,
  },
  {
    checker: 'placement',
    broken: 'a scheduler whose bindings are lost',
    isLiveness: true,
    async run(world) {
      breakServer(world, async (request, whole) => (request.path.endsWith('/binding') ? SUCCESS : whole()));
      await createPod(world, 'web-0', {});
      await world.advance(10_000);
    },
    says: /^Pod default\/web-0 has no node, and fits on node-1$/,
  },
];

function bind(world: World, name: string): Promise<unknown> {
  const target: Pick<KubeObject, 'apiVersion' | 'kind'> & { name: string } = {
    apiVersion: 'v1',
    kind: 'Node',
    name: 'node-1',
  };
  const body = { apiVersion: 'v1', kind: 'Binding', metadata: { namespace: 'default', name }, target };
  return world.finish(
    world.client().createSubresource(PODS, { namespace: 'default', name }, { name: 'binding', body }, never),
  );
}
