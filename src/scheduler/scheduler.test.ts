import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../api/generated/core-v1.ts';
import type { NewObject } from '../api/meta.ts';
import { podCondition } from '../api/pod-conditions.ts';
import { podRequests } from '../api/pod-resources.ts';
import { NODES, PODS, PRIORITY_CLASSES, SERVICES } from '../api/resources.ts';
import { newNode } from './scheduler.fixture.ts';
import {
  newSchedulerBench,
  type SchedulerBench,
  type SchedulerBenchOptions,
} from './scheduler-bench.fixture.ts';

async function withBench(
  options: SchedulerBenchOptions,
  scenario: (bench: SchedulerBench) => Promise<void>,
): Promise<void> {
  const bench = await newSchedulerBench(options);
  await scenario(bench);
  await bench.end();
}

/** Fails when a node's Pods request more than it offers, by the API server's own state. */
async function assertNotOvercommitted(bench: SchedulerBench): Promise<void> {
  const used = new Map<string, number>();
  for (const pod of await bench.pods()) {
    const node = pod.spec.nodeName ?? '';
    used.set(node, (used.get(node) ?? 0) + (podRequests(pod).get('cpu') ?? 0));
  }
  used.delete('');
  for (const [node, millis] of used) assert.ok(millis <= 4000, `${node} has ${millis}m of 4000m`);
}

const bound = (pods: readonly Pod[]) => pods.filter(({ spec }) => spec.nodeName);
const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name).toSorted();

test('Scheduler binds a Pod and says so', () =>
  withBench({}, async (bench) => {
    await bench.createNode(newNode('a'));
    await bench.createPod('web');
    await bench.clock.advance(10);
    const web = await bench.pod('web');
    assert.equal(web.spec.nodeName, 'a');
    assert.equal(podCondition(web, 'PodScheduled')?.status, 'True');
    assert.deepEqual(bench.events, ['Normal Scheduled Successfully assigned default/web to a']);
  }));

test('Scheduler reports what fits nowhere, and reacts at once to a node, to uncordon and to a Pod that leaves', () =>
  withBench({}, async (bench) => {
    await bench.createPod('web', { cpu: '3' });
    await bench.clock.advance(10);
    assert.equal(
      podCondition(await bench.pod('web'), 'PodScheduled')?.message,
      'no nodes available to schedule pods',
    );
    await bench.createNode(newNode('a', { spec: { unschedulable: true } }));
    await bench.clock.advance(10);
    const { reason, message } = podCondition(await bench.pod('web'), 'PodScheduled')!;
    assert.equal(reason, 'Unschedulable');
    assert.equal(
      message,
      '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    assert.ok(bench.events.includes(`Warning FailedScheduling ${message}`));
    await bench.cordon('a', false);
    await bench.clock.advance(10);
    assert.equal((await bench.pod('web')).spec.nodeName, 'a');
    await bench.createPod('second', { cpu: '3' });
    await bench.clock.advance(60_000);
    assert.equal((await bench.pod('second')).spec.nodeName, undefined);
    await bench.finish('web');
    await bench.clock.advance(10);
    assert.equal((await bench.pod('second')).spec.nodeName, 'a');
    await bench.cordon('a', true);
    await bench.createPod('third', { cpu: '100m' });
    await bench.clock.advance(10);
    assert.equal((await bench.pod('third')).spec.nodeName, undefined);
  }));

test('Scheduler leaves gated Pods alone until their gates are gone, and Pods of others for good', () =>
  withBench({}, async (bench) => {
    await bench.createNode(newNode('a'));
    await bench.createPod('gated', { spec: { schedulingGates: [{ name: 'example.com/quota' }] } });
    await bench.createPod('theirs', { spec: { schedulerName: 'their-scheduler' } });
    await bench.clock.advance(60_000);
    const condition = podCondition(await bench.pod('gated'), 'PodScheduled');
    assert.equal(condition?.reason, 'SchedulingGated');
    assert.equal(condition?.message, 'Scheduling is blocked due to non-empty scheduling gates');
    const body = { spec: { schedulingGates: [] } };
    await bench.client.patch(
      PODS,
      { namespace: 'default', name: 'gated' },
      { type: 'merge', body },
      bench.signal,
    );
    await bench.clock.advance(10);
    assert.deepEqual(names(bound(await bench.pods())), ['gated']);
  }));

for (const seed of [1, 2, 3]) {
  test(`Scheduler never overcommits behind a lagging cache, with answers lost and bindings refused, seed ${seed}`, async () => {
    const lose = (random: { next(): number }) =>
      random.next() < 0.2 ? 'lost' : random.next() < 0.2 ? 'refused' : 'answered';
    await withBench({ seed, lagged: true, fateOfBinding: lose }, async (bench) => {
      for (const name of ['a', 'b', 'c']) await bench.createNode(newNode(name));
      for (let index = 0; index < 30; index++) await bench.createPod(`web-${index}`, { cpu: '700m' });
      for (let round = 0; round < 60; round++) {
        await bench.clock.advance(500);
        await assertNotOvercommitted(bench);
        const [oldest] = bound(await bench.pods());
        if (round % 4 === 3 && oldest !== undefined) await bench.finish(oldest.metadata.name);
      }
      await bench.clock.advance(60_000);
      // Five of 700m on each of three nodes, and what has left has been made up for.
      assert.equal(bound(await bench.pods()).length, 15);
    });
  });
}

test('Scheduler tries a failed binding again after its back-off, also on another node', async () => {
  let refusals = 2;
  const fateOfBinding = () => (refusals-- > 0 ? ('refused' as const) : ('answered' as const));
  await withBench({ fateOfBinding }, async (bench) => {
    await bench.createNode(newNode('a'));
    await bench.createPod('web', { cpu: '3' });
    await bench.clock.advance(2900);
    assert.equal((await bench.pod('web')).spec.nodeName, undefined);
    await bench.clock.advance(200);
    assert.equal((await bench.pod('web')).spec.nodeName, 'a');
  });
});

test('Scheduler counts Pods that others bind, and those of a node that is deleted and comes back', () =>
  withBench({}, async (bench) => {
    await bench.createNode(newNode('a'));
    await bench.createPod('theirs', { cpu: '3', spec: { nodeName: 'a' } });
    await bench.createPod('web', { cpu: '3' });
    await bench.clock.advance(10);
    assert.match(podCondition(await bench.pod('web'), 'PodScheduled')!.message!, /1 Insufficient cpu/);
    await bench.client.delete(NODES, { name: 'a' }, {}, bench.signal);
    await bench.clock.advance(10);
    await bench.createNode(newNode('a'));
    await bench.clock.advance(60_000);
    assert.equal((await bench.pod('web')).spec.nodeName, undefined);
    await bench.finish('theirs');
    await bench.clock.advance(10);
    assert.equal((await bench.pod('web')).spec.nodeName, 'a');
  }));

test('Scheduler gives a Pod of the same name another life', () =>
  withBench({ lagged: true }, async (bench) => {
    await bench.createNode(newNode('a'));
    for (let life = 0; life < 10; life++) {
      await bench.createPod('db-0', { cpu: '3' });
      await bench.clock.advance(life * 37);
      await bench.finish('db-0');
    }
    await bench.createPod('db-0', { cpu: '3' });
    await bench.clock.advance(30_000);
    assert.equal((await bench.pod('db-0')).spec.nodeName, 'a');
  }));

test('Scheduler spreads the 1,000 Pods of a Service over 10 nodes', () =>
  withBench({}, async (bench) => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
    } as const;
    const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
    await bench.client.create<Service>(SERVICES, { ...service, spec } as NewObject<Service>, bench.signal);
    for (let index = 0; index < 10; index++) await bench.createNode(newNode(`node-${index}`, { cpu: '200' }));
    for (let index = 0; index < 1000; index++) await bench.createPod(`web-${index}`, { cpu: '10m' });
    await bench.clock.advance(1000);
    const perNode = new Map<string, number>();
    for (const { spec } of await bench.pods())
      perNode.set(spec.nodeName!, (perNode.get(spec.nodeName!) ?? 0) + 1);
    assert.equal(perNode.size, 10);
    for (const count of perNode.values()) assert.ok(Math.abs(count - 100) <= 1, [...perNode.values()].join());
  }));

test('Scheduler preempts: promises the node, tells victims why, gives them their time, and nobody takes the room', () =>
  withBench({}, async (bench) => {
    await bench.client.create(
      PRIORITY_CLASSES,
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
      bench.signal,
    );
    await bench.createNode(newNode('a'));
    await bench.createPod('low', { cpu: '3' });
    await bench.clock.advance(10);
    await bench.createPod('high', { cpu: '3', spec: { priorityClassName: 'high' } });
    await bench.clock.advance(10);
    const high = await bench.pod('high');
    assert.equal(high.status?.nominatedNodeName, 'a');
    assert.equal(podCondition(high, 'PodScheduled')?.message, '0/1 nodes are available: 1 Insufficient cpu.');
    const victim = await bench.pod('low');
    assert.equal(victim.metadata.deletionGracePeriodSeconds, 30);
    const { reason, message } = podCondition(victim, 'DisruptionTarget')!;
    assert.equal(reason, 'PreemptionByScheduler');
    assert.equal(message, 'default-scheduler: preempting to accommodate a higher priority pod');
    assert.ok(bench.events.includes(`Normal Preempted Preempted by pod ${high.metadata.uid} on node a`));
    await bench.createPod('thief', { cpu: '3' });
    await bench.clock.advance(5000);
    await bench.finish('low');
    await bench.clock.advance(10);
    const bound = await bench.pod('high');
    assert.equal(bound.spec.nodeName, 'a');
    assert.equal(bound.status?.nominatedNodeName, undefined);
    assert.equal((await bench.pod('thief')).spec.nodeName, undefined);
  }));

test('Scheduler ends when told to, whatever it was doing', async () => {
  const bench = await newSchedulerBench({});
  await bench.createPod('web');
  await bench.clock.advance(10);
  await bench.end();
  assert.equal((await bench.pod('web')).spec.nodeName, undefined);
});
