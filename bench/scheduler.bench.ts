/** The scheduler: its decision alone, and composed with an API server in the same process and memory journal. */
import assert from 'node:assert/strict';
import type { Node, Pod } from '../src/api/generated/core-v1.ts';
import type { NewObject } from '../src/api/meta.ts';
import { NODES, PODS, SERVICES } from '../src/api/resources.ts';
import { newSelectorMatcher } from '../src/api/selectors.ts';
import { silentLogger } from '../src/base/logger.ts';
import { newInProcessTransport } from '../src/client/in-process-transport.ts';
import { newInformerFactory } from '../src/client/informer-factory.ts';
import { newRestClient } from '../src/client/rest-client.ts';
import { newPodInfo } from '../src/scheduler/pod-info.ts';
import { schedulePod } from '../src/scheduler/schedule-pod.ts';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import { ClusterSnapshot } from '../src/scheduler/snapshot.ts';
import { ADMIN, newSimulatedApiServer } from '../src/simulation/sim-api-server.ts';
import { newSeededRandom } from '../src/simulation/sim-random.ts';
import type { Benchmark, Measurement } from './benchmark.ts';
import { type BenchPod, newBenchPod } from './pod.ts';

const NODE_COUNT = 1000;
const POD_COUNT = 10_000;
const APPS = 100;

export const benchmarks: Benchmark[] = [
  { name: 'scheduler-decision', run: async () => [decideAll('scheduler-decisions', () => ({}))] },
  { name: 'scheduler-decision-hard', run: async () => [decideAll('scheduler-decisions-hard', hardRules)] },
  { name: 'scheduler-1000-nodes', run: scheduleAll },
];

/** What makes a decision dear: a rule over all zones, and one about other Pods. */
function hardRules(app: string): object {
  const labelSelector = { matchLabels: { app } };
  const spread = { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', labelSelector };
  const apart = [{ labelSelector, topologyKey: 'kubernetes.io/hostname' }];
  return {
    topologySpreadConstraints: [{ ...spread, whenUnsatisfiable: 'DoNotSchedule' }],
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: apart } },
  };
}

/** Pods of a hundred workloads, one after another onto the same nodes; each with the `rules` of its own. */
function decideAll(metric: string, rules: (app: string) => object): Measurement {
  const cluster = new ClusterSnapshot(({ metadata }) =>
    newSelectorMatcher({ matchLabels: { app: metadata.labels!['app']! } }),
  );
  for (let index = 0; index < NODE_COUNT; index++) cluster.setNode(newBenchNode(index));
  const random = newSeededRandom(1);
  const pods = Array.from({ length: POD_COUNT }, (_, index) => newWaitingPod(index, rules));
  let start = 0;
  const began = performance.now();
  for (const pod of pods) {
    const info = newPodInfo(pod);
    const outcome = schedulePod(info, { cluster, start, random });
    assert.ok('bound' in outcome);
    start = outcome.nextStart;
    cluster.place(info, outcome.bound);
  }
  return { metric, value: (POD_COUNT / (performance.now() - began)) * 1000, unit: 'Pods/s' };
}

/** In virtual time that passes as fast as it is worked: from the scheduler's start, with all Pods waiting, until all are bound. */
async function scheduleAll(): Promise<Measurement[]> {
  const { server, clock } = await newSimulatedApiServer();
  const stop = new AbortController();
  const { signal } = stop;
  const client = newRestClient(
    newInProcessTransport((request, requestSignal) => server.handle(request, requestSignal), ADMIN),
    { userAgent: 'bench' },
  );
  for (let index = 0; index < NODE_COUNT; index++)
    await client.create<Node>(NODES, newBenchNode(index) as NewObject<Node>, signal);
  for (let app = 0; app < APPS; app++) await client.create(SERVICES, newBenchService(app), signal);
  for (let index = 0; index < POD_COUNT; index++)
    await client.create<Pod>(PODS, newWaitingPod(index) as NewObject<Pod>, signal);
  const options = { client, clock, random: newSeededRandom(1), log: silentLogger };
  const informers = newInformerFactory(options);
  const scheduler = new Scheduler({ ...options, informers, recorder: { event() {} } });
  const pods = informers.informer<Pod>(PODS);
  const filled = informers.run(signal);
  await informers.whenAllSynced(signal);
  let bound = 0;
  pods.addListener({
    onAdd() {},
    onUpdate(pod, previous) {
      if (pod.spec.nodeName && !previous.spec.nodeName) bound++;
    },
    onDelete() {},
  });
  const began = performance.now();
  const ended = scheduler.run(signal);
  while (bound < POD_COUNT) await clock.advance(1);
  const elapsedMs = performance.now() - began;
  stop.abort(new Error('measured'));
  await Promise.all([ended, filled]);
  return [{ metric: 'scheduler-1000-nodes', value: (POD_COUNT / elapsedMs) * 1000, unit: 'Pods/s' }];
}

function newBenchNode(index: number): Node {
  const name = `node-${String(index).padStart(4, '0')}`;
  const labels = {
    'kubernetes.io/hostname': name,
    'topology.kubernetes.io/zone': `zone-${index % 3}`,
    'kubernetes.io/os': 'linux',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '16Gi', pods: '110' }, images: newBenchImages(index) },
  } as unknown as Node;
}

/** Fifty as a kubelet reports at most, one of them of the Pods on every other node. */
function newBenchImages(node: number): object[] {
  return Array.from({ length: 50 }, (_, index) => {
    const name = index === node % 100 ? 'registry.example.com/web:1.2.3' : `registry.example.com/${index}:1`;
    return { names: [name, `${name}@sha256:${index}`], sizeBytes: 100 * 1024 * 1024 };
  });
}

function newBenchService(app: number) {
  const metadata = { name: `app-${app}`, namespace: 'default' };
  const spec = { selector: { app: `app-${app}` }, ports: [{ port: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec } as const;
}

function newWaitingPod(index: number, rules: (app: string) => object = () => ({})): Pod {
  const { metadata, spec, ...pod } = newBenchPod(`web-${index}`) as BenchPod & { spec: object };
  const app = `app-${index % APPS}`;
  return {
    ...pod,
    metadata: { ...metadata, ownerReferences: undefined, labels: { app, tier: 'frontend' } },
    spec: { ...spec, ...rules(app) },
    status: {},
  } as unknown as Pod;
}
