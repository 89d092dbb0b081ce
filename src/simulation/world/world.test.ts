import { deepEqual, equal, notEqual, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { DEPLOYMENTS, NODES, PODS } from '../../api/resources.ts';
import { createDeployment as create, newWorld, readyPods } from './world.fixture.ts';
import { CONTROL_PLANE, World } from './world.ts';
import type { WorldEvent } from './world-event.ts';

const never = new AbortController().signal;

const conditionOf = (world: World, name: string) =>
  world
    .objects(NODES)
    .find(({ metadata }) => metadata.name === name)
    ?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
const startsOf = (events: readonly WorldEvent[]) =>
  events.filter((event) => event.kind === 'container' && event.type === 'started').length;

test('World runs a Deployment with the shipped components, and restarts nothing while nothing happens', async (t) => {
  const world = await newWorld(t);
  const events: WorldEvent[] = [];
  world.onEvent((event) => events.push(event));
  await create(world, 6);
  await world.until(() => readyPods(world).length === 6, 10_000);
  await world.advance(10 * 60_000);
  equal(readyPods(world).length, 6);
  equal(startsOf(events), 6);
  deepEqual(
    events.filter((event) => event.kind === 'process' && event.what === 'broken'),
    [],
  );
});

test('World: a killed agent comes back to running containers: no restart, no NotReady', async (t) => {
  const world = await newWorld(t);
  await create(world, 6);
  await world.until(() => readyPods(world).length === 6, 10_000);
  const events: WorldEvent[] = [];
  world.onEvent((event) => events.push(event));
  world.machine('node-1').process('agent')?.kill('a test');
  for (let second = 0; second < 60; second++) {
    await world.advance(1000);
    equal(readyPods(world).length, 6);
    equal(conditionOf(world, 'node-1'), 'True');
  }
  equal(startsOf(events), 0);
  ok(
    events.some(
      (event) => event.kind === 'process' && event.process === 'node-1/agent' && event.what === 'started',
    ),
  );
});

test('World: the Pods of a machine without power are replaced, after 50 s of silence and 300 s of patience', async (t) => {
  const world = await newWorld(t);
  await create(world, 6);
  await world.until(() => readyPods(world).length === 6, 10_000);
  await world.advance(60_000);
  world.machine('node-1').powerOff();
  const offMs = world.clock.monotonicMs();
  await world.until(() => conditionOf(world, 'node-1') === 'Unknown', 70_000);
  const unknownMs = world.clock.monotonicMs() - offMs;
  ok(unknownMs > 40_000 && unknownMs <= 60_000, `${unknownMs}`);
  const elsewhere = () => readyPods(world).filter((pod) => pod.spec.nodeName !== 'node-1').length;
  await world.until(() => elsewhere() === 6, 400_000);
  const replacedMs = world.clock.monotonicMs() - offMs;
  ok(replacedMs > 340_000 && replacedMs <= 365_000, `${replacedMs}`);
  world.machine('node-1').powerOn();
  await world.until(() => conditionOf(world, 'node-1') === 'True', 60_000);
});

test('World: a frozen server is killed by its watchdog, and everybody goes on', async (t) => {
  const world = await newWorld(t);
  await create(world, 3);
  await world.until(() => readyPods(world).length === 3, 10_000);
  const ends: string[] = [];
  world.onEvent((event) => {
    if (event.kind === 'process' && event.what === 'killed') ends.push(event.process);
  });
  world.machine(CONTROL_PLANE).process('server')?.freeze();
  await world.advance(30_000);
  deepEqual(ends, [`${CONTROL_PLANE}/server`]);
  const scaled = world
    .client()
    .patch(
      DEPLOYMENTS,
      { namespace: 'default', name: 'web' },
      { type: 'merge', body: { spec: { replicas: 5 } } },
      never,
    );
  await world.finish(scaled);
  await world.until(() => readyPods(world).length === 5, 60_000);
});

test('World: keepers that come and go on a frozen machine start nothing twice', async (t) => {
  const world = await newWorld(t);
  await world.advance(1000);
  const machine = world.machine(CONTROL_PLANE);
  const whats: string[] = [];
  world.onEvent((event) => {
    if (event.kind === 'process' && event.process === `${CONTROL_PLANE}/server`) whats.push(event.what);
  });
  machine.killKeeper();
  machine.freeze();
  machine.process('server')?.kill('test');
  for (let i = 0; i < 3; i++) {
    machine.startKeeper();
    await world.advance(1000);
    machine.killKeeper();
  }
  machine.startKeeper();
  machine.thaw();
  await world.advance(10_000);
  deepEqual(whats, ['killed', 'started', 'ready']);
});

test('World: an isolated node keeps its containers, is declared Unknown, and recovers', async (t) => {
  const world = await newWorld(t);
  await create(world, 3);
  await world.until(() => readyPods(world).length === 3, 10_000);
  const mend = world.network.disturb({ from: 'node-1', to: '*', change: { isCut: true } });
  await world.until(() => conditionOf(world, 'node-1') === 'Unknown', 70_000);
  mend();
  await world.until(() => conditionOf(world, 'node-1') === 'True', 60_000);
  await world.until(() => readyPods(world).length === 3, 60_000);
});

test('World: one of two candidates leads, and the other takes over', async (t) => {
  const world = await newWorld(t, { controllers: 2 });
  await create(world, 3);
  await world.until(() => readyPods(world).length === 3, 60_000);
  for (const name of ['controllers-1', 'controllers-2']) {
    world.machine(name).powerOff();
    const pod = readyPods(world)[0]!;
    await world.finish(
      world.client().delete(PODS, { namespace: 'default', name: pod.metadata.name }, {}, never),
    );
    await world.until(
      () => readyPods(world).length === 3 && !world.objects(PODS).some(isTerminating),
      120_000,
    );
    world.machine(name).powerOn();
    await world.advance(30_000);
  }
});

const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

test('World: the same seed gives the same events, another seed others', async (t) => {
  const traceOf = async (seed: number) => {
    const trace: string[] = [];
    const world = new World({
      seed,
      nodes: [{ name: 'node-1' }, { name: 'node-2' }],
      programs: { web: {} },
      latencyMs: { min: 0.5, max: 20 },
    });
    t.after(() => world.stop());
    world.onEvent((event) => {
      if (event.kind === 'commit') trace.push(`${event.atMs} ${event.revision} ${event.type} ${event.key}`);
      if (event.kind === 'request')
        trace.push(`${event.atMs} ${event.process} ${event.method} ${event.path}`);
    });
    await world.start();
    await create(world, 6);
    await world.advance(30_000);
    world.machine('node-2').process('agent')?.kill('a test');
    world.machine(CONTROL_PLANE).process('server')?.life.killAfterSteps(40);
    await world.advance(60_000);
    return trace.join('\n');
  };
  const [first, again, other] = [await traceOf(7), await traceOf(7), await traceOf(8)];
  ok(first.length > 1000);
  equal(first, again);
  notEqual(first, other);
});

test('World refuses what it does not have, by name', async (t) => {
  const world = await newWorld(t);
  await rejects(
    async () => world.machine('node-9'),
    /there is no machine "node-9"; there are: control-plane, node-1/,
  );
});

test('World: a node may join while it runs', async (t) => {
  const world = await newWorld(t, { nodes: [] });
  world.addNode({ name: 'late', labels: { zone: 'a' } });
  await world.until(() => conditionOf(world, 'late') === 'True', 60_000);
  const node: Node = world.objects(NODES)[0]!;
  equal(node.metadata.labels?.['zone'], 'a');
});
