/**
 * What the benchmarks of the simulation run, each in a process of its own (`simulation-process.ts`): worlds as users make
 * them, measured in real time while virtual time passes.
 */
import assert from 'node:assert/strict';
import type { Deployment } from '../../src/api/generated/apps-v1.ts';
import type { Node, Pod, Service } from '../../src/api/generated/core-v1.ts';
import type { NewObject } from '../../src/api/meta.ts';
import { DEPLOYMENTS, NODES, PODS, SERVICES } from '../../src/api/resources.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { drawPlan } from '../../src/simulation/swarm/draw-plan.ts';
import type { PlannedObject, SwarmPlan } from '../../src/simulation/swarm/plan.ts';
import { runPlan } from '../../src/simulation/swarm/run-plan.ts';
import { World } from '../../src/simulation/world/world.ts';
import { type Measurement, summarize } from '../benchmark.ts';

/** With a tag of its own, so that what is on a node is not pulled again. */
const IMAGE = 'web:1.0';
const PROGRAMS = { [IMAGE]: { preloaded: true } };
const NEVER = new AbortController().signal;

/** Virtual time in which everything asked for here must have come true. */
const PATIENCE_MS = 600_000;
const HOUR_MS = 3_600_000;
const IDLE_HOURS = 9;

/** Plans of the swarm that are run before those that are measured. */
const WARM_UP_PLANS = 2;
const MEASURED_PLANS = 8;

export const SIMULATIONS = {
  idle: () => measureIdle('simulation-idle', {}),
  'idle-probed': () => measureIdle('simulation-idle-probed', probes()),
  swarm: measureSwarm,
  apply: measureApply,
  services: measureServices,
  death: measureDeath,
} as const;

export type SimulationName = keyof typeof SIMULATIONS;

/** Three nodes, a Deployment of 30 behind a Service, one virtual hour after another. */
async function measureIdle(metric: string, container: object): Promise<Measurement[]> {
  const world = newWorld(3);
  await world.start();
  await create(world, [newDeployment('web', 30, container)]);
  await untilRunning(world, 30);
  await world.advance(HOUR_MS);
  const rates: number[] = [];
  for (let hour = 0; hour < IDLE_HOURS; hour++) {
    rates.push(HOUR_MS / (await realMsOf(() => world.advance(HOUR_MS))));
  }
  assert.equal(runningPods(world).length, 30);
  await world.stop();
  const { value } = summarize(metric, rates, 'x real time');
  return [{ metric, value, unit: 'x real time' }];
}

/** The same cluster, an hour of faults as the swarm draws them, healing, all checkers and the trace's hash. */
async function measureSwarm(): Promise<Measurement[]> {
  const plans = drawPlans(WARM_UP_PLANS + MEASURED_PLANS);
  let virtualMs = 0;
  let realMs = 0;
  for (const [index, plan] of plans.entries()) {
    const began = performance.now();
    const verdict = await runPlan(plan);
    assert.ok(verdict.ok, `seed ${plan.seed}: ${JSON.stringify(verdict)}`);
    if (index < WARM_UP_PLANS) continue;
    virtualMs += verdict.virtualMs;
    realMs += performance.now() - began;
  }
  return [{ metric: 'simulation-swarm', value: virtualMs / realMs, unit: 'x real time' }];
}

/** Of the swarm's own, those for three nodes; what runs on them is the cluster of the idle measurement. */
function drawPlans(count: number): SwarmPlan[] {
  const { deployment, service } = newDeployment('web', 30, {});
  const objects = [service, deployment] as PlannedObject[];
  const plans: SwarmPlan[] = [];
  for (let seed = 1; plans.length < count; seed++) {
    const plan = drawPlan(String(seed), { chaosMs: HOUR_MS });
    if (plan.cluster.nodes !== 3) continue;
    plans.push({ ...plan, objects, programs: PROGRAMS, actions: [] });
  }
  return plans;
}

/** From the moment at which a hundred Deployments are applied until all their Pods are Running. */
function measureApply(): Promise<Measurement[]> {
  const workloads = newDeployments(100, 100).map(({ deployment }) => ({ deployment }));
  return measureRunning('simulation-apply', 1000, workloads);
}

/** Deployments with a Service each: every node follows every endpoint of each. */
function measureServices(): Promise<Measurement[]> {
  return measureRunning('simulation-apply-services', 100, newDeployments(20, 100));
}

async function measureRunning(
  metric: string,
  nodes: number,
  workloads: readonly Workload[],
): Promise<Measurement[]> {
  const world = newWorld(nodes);
  await world.start();
  await untilReady(world, nodes);
  const pods = workloads.reduce((sum, { deployment }) => sum + (deployment.spec.replicas ?? 1), 0);
  const before = process.cpuUsage();
  const elapsedMs = await realMsOf(async () => {
    await create(world, workloads);
    await untilRunning(world, pods);
  });
  const { user, system } = process.cpuUsage(before);
  return [
    { metric, value: elapsedMs / 1000, unit: 's' },
    { metric: `${metric}-cpu`, value: (user + system) / 1e6, unit: 's' },
    { metric: `${metric}-memory`, value: peakMb(), unit: 'MB' },
  ];
}

/** A node of a large cluster loses power: until its silence is noticed, its Pods are evicted, and others run instead. */
async function measureDeath(): Promise<Measurement[]> {
  const [nodes, deployments, replicas] = [5000, 1500, 100];
  const total = deployments * replicas;
  const world = newWorld(nodes);
  await world.start();
  await untilReady(world, nodes);
  await create(
    world,
    newDeployments(deployments, replicas).map(({ deployment }) => ({ deployment })),
  );
  await untilRunning(world, total);
  const heldMb = process.memoryUsage.rss() / 1e6;
  const begunMs = world.clock.monotonicMs();
  const elapsedMs = await realMsOf(async () => {
    world.machine('node-2500').powerOff();
    const isReplaced = () => {
      const running = runningPods(world).filter(({ spec }) => spec.nodeName !== 'node-2500');
      return running.length === total;
    };
    await world.until(isReplaced, PATIENCE_MS, 10_000);
  });
  const virtualMs = world.clock.monotonicMs() - begunMs;
  return [
    { metric: 'simulation-node-death', value: elapsedMs / 1000, unit: 's' },
    { metric: 'simulation-node-death-virtual', value: virtualMs / 1000, unit: 's' },
    { metric: 'simulation-held-memory', value: heldMb, unit: 'MB' },
    { metric: 'simulation-node-death-memory', value: peakMb(), unit: 'MB' },
  ];
}

function newWorld(nodes: number): World {
  return new World({
    seed: 1,
    nodes: Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` })),
    programs: PROGRAMS,
    details: 'forgotten',
  });
}

function newDeployments(count: number, replicas: number): Workload[] {
  return Array.from({ length: count }, (_, index) => newDeployment(`app-${index}`, replicas, {}));
}

interface Workload {
  deployment: NewObject<Deployment>;
  service?: NewObject<Service>;
}

function newDeployment(name: string, replicas: number, container: object): Workload {
  const metadata = { name, namespace: 'default' };
  const labels = { app: name };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'main', image: IMAGE, ...container }] },
  };
  return {
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas, selector: { matchLabels: labels }, template },
    } as NewObject<Deployment>,
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 80 }] },
    } as NewObject<Service>,
  };
}

function probes(): object {
  const probe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 10 };
  return { livenessProbe: probe, readinessProbe: probe };
}

async function create(world: World, workloads: readonly Workload[]): Promise<void> {
  const client = world.client();
  const created = workloads.flatMap(({ deployment, service }) => createOne(client, deployment, service));
  await world.clock.settle();
  await Promise.all(created);
}

function createOne(client: ApiClient, deployment: NewObject<Deployment>, service?: NewObject<Service>) {
  const services = service === undefined ? [] : [client.create(SERVICES, service, NEVER)];
  return [...services, client.create(DEPLOYMENTS, deployment, NEVER)];
}

function untilReady(world: World, nodes: number): Promise<void> {
  const isReady = (node: Node) =>
    node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  return world.until(() => world.objects(NODES).filter(isReady).length === nodes, PATIENCE_MS, 1000);
}

function untilRunning(world: World, pods: number): Promise<void> {
  return world.until(() => runningPods(world).length === pods, PATIENCE_MS, 1000);
}

function runningPods(world: World): readonly Pod[] {
  return world.objects(PODS).filter(({ status, metadata }) => {
    return status?.phase === 'Running' && metadata.deletionTimestamp === undefined;
  });
}

async function realMsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The most that was resident, over the process's whole life. */
function peakMb(): number {
  return (process.resourceUsage().maxRSS * 1024) / 1e6;
}
