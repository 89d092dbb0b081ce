import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, DeploymentSpec, ReplicaSet } from '../api/generated/apps-v1.ts';
import type { Pod } from '../api/generated/core-v1.ts';
import { isPodActive, isPodReady } from '../api/pod-conditions.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../api/resources.ts';
import { newDeploymentController } from '../controllers/deployment/controller.ts';
import { newReplicaSetController } from '../controllers/replicaset/controller.ts';
import { type ControllerBench, newControllerBench, newStandInKubelet } from './controller-bench.ts';

const never = new AbortController().signal;
const TARGET = { namespace: 'default', name: 'web' };

function newBench(seed: number | string, lagged = false) {
  const controllers = [newDeploymentController, newReplicaSetController];
  const bench = newControllerBench({ seed, controllers, lagged });
  const isHealthy = (pod: Pod) => pod.spec.containers[0]!.image !== 'broken';
  const kubelet = newStandInKubelet(bench, { startMs: 300, stopMs: 500, isHealthy });
  return { ...bench, kubelet };
}

type Bench = ControllerBench & ReturnType<typeof newBench>;

function createDeployment({ client }: Bench, spec: Partial<DeploymentSpec> = {}) {
  const labels = { app: 'web' };
  return client.create<Deployment>(
    DEPLOYMENTS,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...TARGET, annotations: { team: 'shop' } },
      spec: {
        replicas: 5,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 60,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'v1' }] } },
        ...spec,
      },
    },
    never,
  );
}

const patch = ({ client }: Bench, spec: unknown) =>
  client.patch(DEPLOYMENTS, TARGET, { type: 'merge', body: { spec } }, never);
const setImage = (bench: Bench, image: string) =>
  patch(bench, { template: { spec: { containers: [{ name: 'web', image }] } } });

const deployment = ({ api }: Bench): Deployment => api.objects<Deployment>(DEPLOYMENTS)[0]!;
const replicaSets = ({ api }: Bench): ReplicaSet[] => api.objects<ReplicaSet>(REPLICA_SETS);
const sizeOf = (rs: ReplicaSet): number => rs.spec.replicas ?? 1;
const activePods = ({ api }: Bench): Pod[] => api.objects<Pod>(PODS).filter(isPodActive);
const imagesOf = (bench: Bench) => activePods(bench).map((pod) => pod.spec.containers[0]!.image);
const condition = (bench: Bench, type: string) =>
  deployment(bench).status?.conditions?.find((entry) => entry.type === type);

async function run(bench: Bench, ms: number, check: () => void = () => {}): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 20) {
    bench.kubelet.step();
    await bench.clock.advance(20);
    check();
  }
}

test('newDeploymentController brings up a Deployment and reports it as upstream does', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench);
  await run(bench, 3000);
  const [rs] = replicaSets(bench);
  match(rs!.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/);
  equal(rs!.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  equal(rs!.metadata.annotations?.['deployment.kubernetes.io/desired-replicas'], '5');
  equal(rs!.metadata.annotations?.['deployment.kubernetes.io/max-replicas'], '7');
  equal(rs!.metadata.annotations?.['team'], 'shop');
  const web = deployment(bench);
  equal(web.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  const { conditions = [], ...counts } = web.status!;
  deepEqual(counts, {
    observedGeneration: 1,
    replicas: 5,
    updatedReplicas: 5,
    readyReplicas: 5,
    availableReplicas: 5,
    unavailableReplicas: 0,
    terminatingReplicas: 0,
  });
  const facts = conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
  deepEqual(
    facts.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    [
      ['Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'],
      [
        'Progressing',
        'True',
        'NewReplicaSetAvailable',
        `ReplicaSet "${rs!.metadata.name}" has successfully progressed.`,
      ],
    ],
  );
  ok(
    bench.events.includes(`Normal ScalingReplicaSet Scaled up replica set ${rs!.metadata.name} from 0 to 5`),
  );
  await bench.end();
});

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`newDeploymentController rolls within surge and availability behind lagging caches, seed ${seed}`, async () => {
    const bench = newBench(seed, true) as Bench;
    await createDeployment(bench);
    await run(bench, 4000);
    equal(deployment(bench).status?.availableReplicas, 5);
    await setImage(bench, 'v2');
    await run(bench, 15_000, () => {
      const pods = activePods(bench);
      ok(pods.length <= 7, `${pods.length} Pods`);
      const ready = pods.filter(isPodReady).length;
      ok(ready >= 4, `${ready} ready`);
    });
    deepEqual(
      imagesOf(bench),
      Array.from({ length: 5 }, () => 'v2'),
    );
    equal(condition(bench, 'Progressing')?.reason, 'NewReplicaSetAvailable');
    equal(deployment(bench).metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
    await bench.end();
  });
}

test('newDeploymentController stops a broken rollout at maxUnavailable, misses the deadline, and goes back', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench);
  await run(bench, 3000);
  await setImage(bench, 'broken');
  await run(bench, 5000);
  equal(imagesOf(bench).filter((image) => image === 'v1').length, 4);
  equal(imagesOf(bench).filter((image) => image === 'broken').length, 3);
  equal(condition(bench, 'Progressing')?.reason, 'ReplicaSetUpdated');
  await run(bench, 62_000);
  const failed = replicaSets(bench).find((rs) => rs.spec.template?.spec?.containers[0]?.image === 'broken');
  equal(condition(bench, 'Progressing')?.status, 'False');
  equal(condition(bench, 'Progressing')?.reason, 'ProgressDeadlineExceeded');
  equal(
    condition(bench, 'Progressing')?.message,
    `ReplicaSet "${failed!.metadata.name}" has timed out progressing.`,
  );
  equal(condition(bench, 'Available')?.status, 'True');

  await setImage(bench, 'v1');
  await run(bench, 5000);
  deepEqual(imagesOf(bench), ['v1', 'v1', 'v1', 'v1', 'v1']);
  const back = replicaSets(bench).find((rs) => rs.spec.replicas === 5);
  equal(back?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  equal(back?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
  equal(deployment(bench).metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  equal(condition(bench, 'Progressing')?.reason, 'NewReplicaSetAvailable');
  await bench.end();
});

test('newDeploymentController does nothing new while paused, and goes on when resumed', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench);
  await run(bench, 3000);
  await patch(bench, { paused: true });
  await setImage(bench, 'v2');
  await run(bench, 2000);
  equal(replicaSets(bench).length, 1);
  equal(condition(bench, 'Progressing')?.reason, 'DeploymentPaused');
  await patch(bench, { replicas: 3 });
  await run(bench, 2000);
  deepEqual(imagesOf(bench), ['v1', 'v1', 'v1']);
  await patch(bench, { paused: false });
  await run(bench, 5000);
  deepEqual(imagesOf(bench), ['v2', 'v2', 'v2']);
  await bench.end();
});

test('newDeploymentController shares a new size out in proportion while a rollout is stuck', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench, { replicas: 10 });
  await run(bench, 3000);
  await setImage(bench, 'broken');
  await run(bench, 3000);
  const before = replicaSets(bench)
    .map(sizeOf)
    .sort((a, b) => a - b);
  deepEqual(before, [5, 8]);
  await patch(bench, { replicas: 20 });
  await run(bench, 1000);
  // 25 Pods may be, 13 are: 8 and 5 keep their shares of 13.
  deepEqual(
    replicaSets(bench)
      .map(sizeOf)
      .sort((a, b) => a - b),
    [10, 15],
  );
  await bench.end();
});

test('newDeploymentController with Recreate starts nothing before the last old Pod is gone', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench, { strategy: { type: 'Recreate' }, replicas: 3 });
  await run(bench, 3000);
  await setImage(bench, 'v2');
  await run(bench, 5000, () => {
    const images = new Set(bench.api.objects<Pod>(PODS).map((pod) => pod.spec.containers[0]!.image));
    ok(images.size <= 1, [...images].join());
  });
  deepEqual(imagesOf(bench), ['v2', 'v2', 'v2']);
  await bench.end();
});

test('newDeploymentController keeps as many old ReplicaSets as revisionHistoryLimit says', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench, { revisionHistoryLimit: 2 });
  await run(bench, 3000);
  for (let version = 2; version <= 6; version++) {
    await setImage(bench, `v${version}`);
    await run(bench, 5000);
  }
  const images = replicaSets(bench).map((rs) => rs.spec.template?.spec?.containers[0]?.image ?? '');
  deepEqual(images.sort(), ['v4', 'v5', 'v6']);
  await bench.end();
});

test('newDeploymentController counts a collision when another object has the name', async () => {
  const bench = newBench(1) as Bench;
  await createDeployment(bench, { paused: true, replicas: 1 });
  const probe = newBench(1) as Bench;
  await createDeployment(probe, { replicas: 1 });
  await run(probe, 1000);
  const { name } = replicaSets(probe)[0]!.metadata;
  await bench.client.create<ReplicaSet>(
    REPLICA_SETS,
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name, namespace: 'default' },
      spec: { replicas: 0, selector: { matchLabels: { app: 'other' } } },
    },
    never,
  );
  await patch(bench, { paused: false });
  await run(bench, 3000);
  equal(deployment(bench).status?.collisionCount, 1);
  equal(deployment(bench).status?.availableReplicas, 1);
  await bench.end();
  await probe.end();
});
