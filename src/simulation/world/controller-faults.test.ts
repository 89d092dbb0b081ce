/**
 * The three faults of which controllers die, on each of them: a crash between a write and hearing of it, an event that
 * never comes, and an API server that shows the past.
 *
 * @see Sun et al., Automatic Reliability Testing for Cluster Management Controllers (Sieve), OSDI 2022
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../../api/generated/apps-v1.ts';
import type { KubeObject, NewObject } from '../../api/meta.ts';
import { isPodActive, isPodReady } from '../../api/pod-conditions.ts';
import {
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  NAMESPACES,
  NODES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  type ResourceRef,
  SERVICES,
} from '../../api/resources.ts';
import { World } from './world.ts';
import type { RequestDone } from './world-event.ts';

const never = new AbortController().signal;
const MANAGER = 'controllers-1';
const SURGE = 1;

const WRITERS = [
  'deployment-controller',
  'disruption-controller',
  'endpoint-controller',
  'endpointslice-controller',
  'generic-garbage-collector',
  'namespace-controller',
  'node-controller',
  'replicaset-controller',
  'root-ca-cert-publisher',
  'service-account-controller',
  'system:kube-scheduler',
];

const labels = { app: 'web' };
const metadata = { name: 'web', namespace: 'shop' };
const DEPLOYMENT: NewObject<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: SURGE, maxUnavailable: 0 } },
    template: {
      metadata: { labels },
      spec: {
        tolerations: [
          {
            key: 'node.kubernetes.io/unreachable',
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: 5,
          },
        ],
        containers: [{ name: 'web', image: 'v1' }],
      },
    },
  },
};

interface Story {
  world: World;
  /** Most Pods that were active at once while so many were wanted. */
  mostActive: number;
}

/** Everything that controllers do, in one story: a namespace's whole life, with a rollout and the death of a node in it. */
async function tell(prepare: (world: World) => void): Promise<Story> {
  const nodes = [{ name: 'node-1' }, { name: 'node-2' }];
  const programs = { v1: { preloaded: true }, v2: { preloaded: true } };
  const world = new World({ seed: 1, nodes, programs, controllers: 1 });
  const story: Story = { world, mostActive: 0 };
  world.onEvent((event) => {
    if (event.kind === 'commit' && event.key.startsWith('/registry/pods/')) {
      story.mostActive = Math.max(story.mostActive, world.objects(PODS, 'shop').filter(isPodActive).length);
    }
    if (event.kind === 'process') ok(event.what !== 'broken', `${event.process} broke: ${event.why}`);
  });
  await world.start();
  prepare(world);
  const client = world.client();
  const create = <T extends KubeObject>(resource: ResourceRef<T>, object: NewObject<T>) =>
    world.finish(client.create(resource, object, never));
  await create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} });
  await create(DEPLOYMENTS, DEPLOYMENT);
  const spec = { selector: labels, ports: [{ port: 80 }] };
  await create(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec });
  await create(POD_DISRUPTION_BUDGETS, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { minAvailable: 2, selector: { matchLabels: labels } },
  });
  await world.until(() => isServed(world, 'v1'), 120_000);
  const template = { spec: { containers: [{ name: 'web', image: 'v2' }] } };
  const patch = { type: 'strategic', body: { spec: { template } } } as const;
  await world.finish(client.patch(DEPLOYMENTS, metadata, patch, never));
  await world.until(() => isServed(world, 'v2'), 120_000);
  world.machine('node-2').powerOff();
  await world.until(() => isServed(world, 'v2', 'node-1'), 240_000);
  world.machine('node-2').powerOn();
  const extra = { name: 'extra', namespace: 'default' };
  await create(DEPLOYMENTS, { ...DEPLOYMENT, metadata: extra });
  await world.until(() => world.objects(PODS, 'default').filter(isPodReady).length === 3, 60_000);
  const inForeground = { propagationPolicy: 'Foreground' } as const;
  await world.finish(client.delete(DEPLOYMENTS, extra, inForeground, never));
  await world.until(() => world.objects(DEPLOYMENTS, 'default').length === 0, 120_000);
  equal(world.objects(PODS, 'default').filter(isPodActive).length, 0);
  await world.finish(client.delete(NAMESPACES, { name: 'shop' }, {}, never));
  await world.until(() => isGone(world), 240_000);
  await world.until(() => readyNodes(world) === 2, 120_000);
  return story;
}

/** The budget counts three, and the Service leads to exactly the three Pods of `image` that are ready. */
function isServed(world: World, image: string, node?: string): boolean {
  const pods = world.objects(PODS, 'shop').filter((pod) => isPodActive(pod) && isPodReady(pod));
  const current = pods.filter(
    (pod) => pod.spec.containers[0]!.image === image && (node === undefined || pod.spec.nodeName === node),
  );
  const endpoints = world.objects(ENDPOINT_SLICES, 'shop').flatMap((slice) => slice.endpoints ?? []);
  const served = endpoints
    .filter(({ conditions }) => conditions?.ready)
    .map(({ targetRef }) => targetRef?.name ?? '');
  const [budget] = world.objects(POD_DISRUPTION_BUDGETS, 'shop');
  const [deployment] = world.objects(DEPLOYMENTS, 'shop');
  return (
    current.length === 3 &&
    pods.length === 3 &&
    new Set([...served, ...current.map((pod) => pod.metadata.name)]).size === 3 &&
    served.length === 3 &&
    budget?.status?.currentHealthy === 3 &&
    deployment?.status?.observedGeneration === deployment?.metadata.generation &&
    deployment?.status?.updatedReplicas === 3
  );
}

function isGone(world: World): boolean {
  const kinds: readonly ResourceRef<KubeObject>[] = [
    PODS,
    REPLICA_SETS,
    DEPLOYMENTS,
    SERVICES,
    ENDPOINT_SLICES,
  ];
  const isEmpty = kinds.every((kind) => world.objects(kind, 'shop').length === 0);
  return isEmpty && !world.objects(NAMESPACES).some((namespace) => namespace.metadata.name === 'shop');
}

function readyNodes(world: World): number {
  return world
    .objects(NODES)
    .filter((node) =>
      node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    ).length;
}

const isWriteOf = (writer: string, { user, method, status }: RequestDone): boolean =>
  user.endsWith(writer) && method !== 'GET' && status < 300;

/** Crashes the controllers' process right after the `nth` write of `writer`, before it hears of it. */
async function tellWithCrash(writer: string, nth: number): Promise<Story & { crashed: boolean }> {
  let writes = 0;
  let crashed = false;
  const story = await tell((world) => {
    world.onEvent((event) => {
      if (event.kind !== 'request' || !isWriteOf(writer, event) || event.path.includes('/events')) return;
      if (++writes !== nth) return;
      crashed = true;
      world.machine(MANAGER).process('controllers')?.kill('a crash in the middle of a reconcile');
    });
  });
  return { ...story, crashed };
}

for (const writer of WRITERS) {
  test(`${writer} may crash between any of its writes and hearing of it`, async () => {
    let crashes = 0;
    for (const nth of [1, 2, 3, 5, 8, 13]) {
      const { world, mostActive, crashed } = await tellWithCrash(writer, nth);
      ok(mostActive <= 3 + SURGE, `${mostActive} Pods after a crash at write ${nth}`);
      await world.stop();
      if (!crashed) break;
      crashes++;
    }
    ok(crashes > 0, `${writer} never wrote: the story does not need it`);
  });
}

test('controllers may miss any event: what they see next is the state after it', async () => {
  for (const everyNth of [3, 7, 13]) {
    let commits = 0;
    let isOver = false;
    const { world, mostActive } = await tell((started) => {
      started.onEvent((event) => {
        if (isOver || event.kind !== 'commit' || ++commits % everyNth !== 0) return;
        breakWatches(started);
      });
    });
    // A rollout counts what its ReplicaSets want: the Pod that one of them is about to give up may still be there.
    ok(mostActive <= 3 + SURGE + 1, `${mostActive} Pods`);
    isOver = true;
    // The last break may not be mended yet.
    await world.clock.advance(BREAK_MS);
    await world.stop();
  }
});

const BREAK_MS = 50;

/** Connections of the controllers break, and the history that they would resume from is gone. */
function breakWatches(world: World): void {
  const { store } = world.server;
  const mend = world.network.disturb({ from: MANAGER, to: '*', change: { resetChance: 1 } });
  world.clock.setTimer(BREAK_MS, () => {
    mend();
    if (store !== undefined && store === world.server.store)
      void store.compact(store.revision).catch(() => {});
  });
}

for (const lagMs of [400, 2000, 5000]) {
  test(`controllers may be shown a state that is ${lagMs} ms old: no Pod too many`, async () => {
    const { world, mostActive } = await tell((started) => {
      started.network.disturb({ from: '*', to: MANAGER, change: { watchLagMs: lagMs } });
    });
    ok(mostActive <= 3 + SURGE, `${mostActive} Pods`);
    await world.stop();
  });
}

test('the story itself needs no fault to come to its end, and never has a Pod too many', async () => {
  const { world, mostActive } = await tell(() => {});
  equal(mostActive <= 3 + SURGE, true);
  deepEqual(world.objects(PODS, 'shop'), []);
  await world.stop();
});
