import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../api/generated/coordination-v1.ts';
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { podCondition } from '../../api/pod-conditions.ts';
import { LEASES, NODES, PODS } from '../../api/resources.ts';
import { toMicroTimestamp, toTimestamp } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import { type ControllerBenchOptions, newControllerBench } from '../../simulation/controller-bench.ts';
import { newNodeLifecycleController } from './controller.ts';
import { type NodeTraits, newNode } from './node.fixture.ts';

/** Nodes whose kubelets beat until they are stopped. */
function newNodeBench(options: Partial<ControllerBenchOptions> = {}) {
  const bench = newControllerBench({ seed: 1, ...options, controllers: [newNodeLifecycleController] });
  const { api, clock } = bench;
  const alive = new Set<string>();
  const node = (name: string): Node => api.objects(NODES).find(({ metadata }) => metadata.name === name)!;

  const renew = (name: string): void => {
    const metadata = {
      name,
      namespace: 'kube-node-lease',
      uid: `${name}-lease`,
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
    };
    const spec = { holderIdentity: name, renewTime: toMicroTimestamp(clock.now()) };
    const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    api.put(LEASES, lease);
  };
  return {
    ...bench,
    node,
    addNode(name: string, traits: NodeTraits = {}): void {
      api.put(NODES, newNode(name, traits));
      alive.add(name);
      renew(name);
    },
    stop: (name: string) => alive.delete(name),
    /** The kubelet is back, and says so. */
    report(name: string, ready: 'True' | 'False' = 'True'): void {
      alive.add(name);
      renew(name);
      const reported = newNode(name, { ready }).status?.conditions ?? [];
      const lastHeartbeatTime = toTimestamp(clock.now());
      const conditions = reported.map((condition) => ({ ...condition, lastHeartbeatTime }));
      api.put(NODES, { ...node(name), status: { conditions } });
    },
    async pass(seconds: number): Promise<void> {
      for (let i = 0; i < seconds; i++) {
        await clock.advance(1000);
        if (Math.floor(clock.monotonicMs() / 1000) % 10 === 0) for (const name of alive) renew(name);
      }
    },
    ready: (name: string) => node(name).status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    taints: (name: string) =>
      (node(name).spec?.taints ?? [])
        .map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)
        .sort(),
  };
}

function newPod(name: string, nodeName: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'a',
      uid: name,
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { nodeName, containers: [] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  };
}

const UNREACHABLE = ['unreachable:NoExecute', 'unreachable:NoSchedule'];

test('newNodeLifecycleController leaves nodes alone whose leases are renewed, however little they report', async () => {
  const bench = newNodeBench();
  bench.addNode('n1');
  bench.addNode('n2');
  await bench.pass(600);
  deepEqual(bench.api.writes, []);
  deepEqual(bench.events, [
    'Normal RegisteredNode Node n1 event: Registered Node n1 in Controller',
    'Normal RegisteredNode Node n2 event: Registered Node n2 in Controller',
  ]);
  await bench.end();
});

for (const lagged of [false, true]) {
  test(`newNodeLifecycleController takes a silent node through its stages and back${lagged ? ', behind lag' : ''}`, async () => {
    const bench = newNodeBench({ lagged });
    for (const name of ['n1', 'n2', 'n3']) bench.addNode(name);
    bench.api.put(PODS, newPod('p1', 'n1'));
    bench.api.put(PODS, newPod('p2', 'n2'));
    await bench.pass(20);
    bench.stop('n1');
    await bench.pass(49);
    equal(bench.ready('n1'), 'True');
    await bench.pass(3);
    equal(bench.ready('n1'), 'Unknown');
    deepEqual(bench.taints('n1'), ['unreachable:NoSchedule']);
    const [p1, p2] = bench.api.objects(PODS);
    equal(podCondition(p1!, 'Ready')?.status, 'False');
    equal(podCondition(p2!, 'Ready')?.status, 'True');
    ok(bench.events.includes('Normal NodeNotReady Node n1 status is now: NodeNotReady'));
    equal(bench.events.filter((event) => event === 'Warning NodeNotReady Node is not ready').length, 1);
    await bench.pass(6);
    deepEqual(bench.taints('n1'), UNREACHABLE);
    await bench.pass(60);
    bench.report('n1');
    await bench.pass(2);
    deepEqual(bench.taints('n1'), []);
    equal(bench.ready('n1'), 'True');
    await bench.end();
  });
}

test('newNodeLifecycleController does not make a node ready again that only renews its lease', async () => {
  const bench = newNodeBench();
  bench.addNode('n1');
  bench.addNode('n2');
  bench.stop('n1');
  await bench.pass(60);
  deepEqual(bench.taints('n1'), UNREACHABLE);
  bench.report('n1', 'False');
  await bench.pass(1);
  deepEqual(bench.taints('n1'), ['not-ready:NoExecute', 'not-ready:NoSchedule']);
  await bench.end();
});

test('newNodeLifecycleController evicts nothing from a cluster in which no node answers', async () => {
  const bench = newNodeBench();
  for (const name of ['n1', 'n2']) bench.addNode(name);
  bench.stop('n1');
  await bench.pass(70);
  deepEqual(bench.taints('n1'), UNREACHABLE);
  bench.stop('n2');
  await bench.pass(70);
  deepEqual(bench.taints('n1'), ['unreachable:NoSchedule']);
  deepEqual(bench.taints('n2'), ['unreachable:NoSchedule']);
  bench.report('n2');
  await bench.pass(12);
  deepEqual(bench.taints('n1'), UNREACHABLE);
  deepEqual(bench.taints('n2'), []);
  await bench.end();
});

test('newNodeLifecycleController empties one node in ten seconds while most of the zone is well', async () => {
  const bench = newNodeBench();
  for (let i = 0; i < 8; i++) bench.addNode(`n${i}`);
  await bench.pass(5);
  for (const name of ['n0', 'n1', 'n2']) bench.stop(name);
  const tainted = () =>
    ['n0', 'n1', 'n2'].filter((name) => bench.taints(name).includes('unreachable:NoExecute'));
  await bench.pass(57);
  equal(tainted().length, 1);
  await bench.pass(8);
  equal(tainted().length, 2);
  await bench.pass(10);
  equal(tainted().length, 3);
  await bench.end();
});

test('newNodeLifecycleController stops emptying a small zone that is largely down', async () => {
  const bench = newNodeBench();
  for (let i = 0; i < 5; i++) bench.addNode(`n${i}`);
  for (const name of ['n0', 'n1', 'n2']) bench.stop(name);
  await bench.pass(300);
  deepEqual(
    ['n0', 'n1', 'n2'].map((name) => bench.taints(name)),
    [['unreachable:NoSchedule'], ['unreachable:NoSchedule'], ['unreachable:NoSchedule']],
  );
  bench.report('n0');
  await bench.pass(12);
  equal(bench.taints('n1').length + bench.taints('n2').length, 3);
  await bench.pass(10);
  deepEqual([bench.taints('n1'), bench.taints('n2')], [UNREACHABLE, UNREACHABLE]);
  await bench.end();
});

test('newNodeLifecycleController keeps the taints of a dead node across its own restart', async () => {
  const bench = newNodeBench();
  const taints = ['NoSchedule', 'NoExecute'].map((effect) => ({
    key: 'node.kubernetes.io/unreachable',
    effect,
  }));
  bench.addNode('b-well');
  bench.addNode('a-dead', { ready: 'Unknown', taints });
  bench.stop('a-dead');
  bench.api.put(PODS, newPod('p1', 'a-dead'));
  await bench.pass(120);
  deepEqual(bench.taints('a-dead'), UNREACHABLE);
  deepEqual(
    bench.api.writes.filter((write) => !write.includes('pods')),
    [],
  );
  // Written down as ready by a controller that died before it could say otherwise.
  equal(podCondition(bench.api.objects(PODS)[0]!, 'Ready')?.status, 'False');
  await bench.end();
});

test('newNodeLifecycleController mirrors a cordon at once', async () => {
  const bench = newNodeBench();
  bench.addNode('n1');
  await bench.pass(1);
  const node = bench.node('n1');
  bench.api.put(NODES, { ...node, spec: { unschedulable: true } });
  await bench.clock.advance(10);
  deepEqual(bench.taints('n1'), ['unschedulable:NoSchedule']);
  bench.api.put(NODES, { ...bench.node('n1'), spec: { taints: bench.node('n1').spec?.taints ?? [] } });
  await bench.clock.advance(10);
  deepEqual(bench.taints('n1'), []);
  await bench.end();
});

test('newNodeLifecycleController brings its writes home when every second one fails', async () => {
  let writes = 0;
  const fateOf = () => (writes++ % 2 === 0 ? new StatusError('ServiceUnavailable', 'away') : 'answered');
  const bench = newNodeBench({ fateOf });
  bench.addNode('n1');
  bench.addNode('n2');
  for (let i = 0; i < 10; i++) bench.api.put(PODS, newPod(`p${i}`, 'n1'));
  bench.stop('n1');
  await bench.pass(70);
  deepEqual(bench.taints('n1'), UNREACHABLE);
  for (const pod of bench.api.objects(PODS)) equal(podCondition(pod, 'Ready')?.status, 'False');
  await bench.end();
});

test('newNodeLifecycleController says that a node is gone', async () => {
  const bench = newNodeBench();
  bench.addNode('n1');
  await bench.pass(1);
  bench.api.finish(bench.node('n1'), NODES);
  await bench.pass(1);
  equal(bench.events.at(-1), 'Normal RemovingNode Node n1 event: Removing Node n1 from Controller');
  await bench.end();
});
