import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ResourceRequirements } from '../../api/generated/core-v1.ts';
import { podCondition } from '../../api/pod-conditions.ts';
import type { ContainerResources } from '../../container-runtime/runtime.ts';
import { createPod, newTestNode, PODS, type TestNode } from '../kubelet.fixture.ts';

const PROGRAMS = { app: { runs: [{}] } };
const asking = (cpu: string): ResourceRequirements => ({
  requests: { cpu },
  limits: { cpu, memory: '64Mi' },
});

async function newNode(
  container: Partial<Container> = {},
): Promise<{ node: TestNode; updates: ContainerResources[] }> {
  const node = await newTestNode(PROGRAMS);
  const updates: ContainerResources[] = [];
  const { runtime } = node;
  const update = runtime.updateContainerResources.bind(runtime);
  runtime.updateContainerResources = (id, resources, signal) => {
    updates.push(resources);
    return update(id, resources, signal);
  };
  await createPod(node, { containers: [{ resources: asking('1'), ...container }] });
  await node.clock.advance(2000);
  return { node, updates };
}

async function resize(node: TestNode, resources: ResourceRequirements, name = 'web-1'): Promise<void> {
  const pod = structuredClone(node.pod(name));
  pod.spec.containers[0]!.resources = resources;
  pod.metadata.generation = (pod.metadata.generation ?? 1) + 1;
  await node.api.update(PODS, pod);
  await node.clock.advance(1000);
}

const statusOf = (node: TestNode, name?: string) => node.pod(name).status!.containerStatuses![0]!;
const conditionOf = (node: TestNode, type: string, name?: string) => {
  const { reason, message } = podCondition(node.pod(name), type) ?? {};
  return (
    podCondition(node.pod(name), type) && [reason, message].filter((text) => text !== undefined).join(': ')
  );
};

test('PodResize gives a running container other limits, and tells what it has', async () => {
  const { node, updates } = await newNode();
  assert.deepEqual(statusOf(node).resources, asking('1'));
  assert.deepEqual(statusOf(node).allocatedResources, { cpu: '1' });
  await resize(node, asking('2'));
  assert.deepEqual(
    updates.map(({ cpuLimitMillis }) => cpuLimitMillis),
    [2000],
  );
  assert.deepEqual(statusOf(node).resources, asking('2'));
  assert.equal(statusOf(node).restartCount, 0);
  assert.equal(conditionOf(node, 'PodResizeInProgress'), undefined);
  const told =
    '{"containers":[{"name":"web","resources":{"limits":{"cpu":"2","memory":"64Mi"},"requests":{"cpu":"2"}}}],"generation":2}';
  assert.deepEqual(node.events$('ResizeStarted'), [`Pod resize started: ${told}`]);
  assert.deepEqual(node.events$('ResizeCompleted'), [`Pod resize completed: ${told}`]);
  await node.stop();
});

test('PodResize restarts a container whose policy asks for it, whatever the restart policy', async () => {
  const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
  const { node, updates } = await newNode({ resizePolicy });
  await resize(node, asking('2'));
  await node.clock.advance(60_000);
  assert.deepEqual(updates, []);
  assert.equal(statusOf(node).restartCount, 1);
  assert.deepEqual(statusOf(node).resources, asking('2'));
  assert.deepEqual(node.events$('Killing'), ['Container web resize requires restart']);
  assert.equal(node.events$('ResizeCompleted').length, 1);
  await node.stop();
});

test('PodResize refuses for good what the node does not have', async () => {
  const { node, updates } = await newNode();
  await resize(node, asking('5'));
  const why = "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000";
  assert.equal(conditionOf(node, 'PodResizePending'), `Infeasible: ${why}`);
  assert.deepEqual(statusOf(node).resources, asking('1'));
  assert.equal(node.events$('ResizeInfeasible').length, 1);
  await resize(node, asking('1'));
  assert.equal(conditionOf(node, 'PodResizePending'), undefined);
  assert.deepEqual(updates, []);
  await node.stop();
});

test('PodResize waits for room, also across a restart of the agent, and takes it when there is some', async () => {
  const { node, updates } = await newNode();
  await createPod(node, { containers: [{ resources: asking('2') }] }, { name: 'web-2' });
  await node.clock.advance(2000);
  await resize(node, asking('3'));
  const why = "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000";
  assert.equal(conditionOf(node, 'PodResizePending'), `Deferred: ${why}`);
  await node.stop();
  await node.start();
  await node.clock.advance(2000);
  assert.equal(conditionOf(node, 'PodResizePending'), `Deferred: ${why}`);
  assert.deepEqual(statusOf(node).resources, asking('1'));
  assert.deepEqual(updates, []);
  // What another gives back is there to take.
  await resize(node, asking('1'), 'web-2');
  await node.clock.advance(1000);
  assert.deepEqual(
    updates.map(({ cpuLimitMillis }) => cpuLimitMillis),
    [1000, 3000],
  );
  assert.deepEqual(statusOf(node).resources, asking('3'));
  assert.equal(conditionOf(node, 'PodResizePending'), undefined);
  await node.stop();
});

test('PodResize does not forget across agents what a container has', async () => {
  const { node, updates } = await newNode();
  await resize(node, asking('2'));
  await node.stop();
  await node.start();
  await node.clock.advance(2000);
  // As it was created; not as it is.
  await resize(node, asking('1'));
  assert.deepEqual(
    updates.map(({ cpuLimitMillis }) => cpuLimitMillis),
    [2000, 1000],
  );
  assert.deepEqual(statusOf(node).resources, asking('1'));
  await node.stop();
});

test('PodResize lowers no memory limit below what is used, and says so', async () => {
  const { node } = await newNode();
  const stats = node.runtime.stats.bind(node.runtime);
  node.runtime.stats = async (signal) =>
    (await stats(signal)).map((of) => ({ ...of, memoryWorkingSetBytes: 40 * 1024 * 1024 }));
  const { requests, limits } = asking('1');
  await resize(node, { requests: requests!, limits: { ...limits, memory: '32Mi' } });
  const why = 'attempting to set container memory limit (33554432) below current usage (41943040)';
  assert.equal(conditionOf(node, 'PodResizeInProgress'), `Error: ${why}`);
  node.runtime.stats = stats;
  await node.clock.advance(15_000);
  assert.equal(conditionOf(node, 'PodResizeInProgress'), undefined);
  assert.equal(statusOf(node).resources?.limits?.['memory'], '32Mi');
  await node.stop();
});
