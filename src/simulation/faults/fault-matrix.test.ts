/**
 * Every fault there is against what people do most: a rolling update, and a drain within a disruption budget. While the
 * fault comes and goes every checker watches; once it has stopped, what is wanted must come true.
 */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../../api/generated/apps-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import type { KubeObject, NewObject } from '../../api/meta.ts';
import { isPodActive, isPodReady } from '../../api/pod-conditions.ts';
import {
  DEPLOYMENTS,
  NODES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  type ResourceRef,
  SERVICES,
} from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import { attachCheckers } from '../checkers/attach-checkers.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { World } from '../world/world.ts';
import { partiesOf } from './fault.ts';
import { beginFault, FAULTS } from './fault-table.ts';

const never = new AbortController().signal;
const REPLICAS = 4;
const FAULTY_MS = 120_000;
const HEALED_WITHIN_MS = 15 * 60_000;

const RUNS: SimulatedProgram = {
  preloaded: true,
  runs: [{ readyAfterMs: 2000, ports: [80], onSignal: { SIGTERM: { afterMs: 1000, code: 0 } } }],
};

const labels = { app: 'web' };
const metadata = { name: 'web', namespace: 'default' };
const DEPLOYMENT: NewObject<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          { name: 'web', image: 'v1', readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 } },
        ],
      },
    },
  },
};
const BUDGET: NewObject<PodDisruptionBudget> = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata,
  spec: { minAvailable: REPLICAS - 1, selector: { matchLabels: labels } },
};

async function newShop(seed: string, controllers: 'apart' | 2): Promise<World> {
  const nodes = [1, 2, 3].map((number) => ({ name: `node-${number}` }));
  const programs = { v1: RUNS, v2: RUNS };
  const world = new World({
    seed,
    nodes,
    programs,
    controllers,
    disk: 'simulated',
    latencyMs: { min: 1, max: 10 },
  });
  await world.start();
  const create = <T extends KubeObject>(resource: ResourceRef<T>, object: NewObject<T>) =>
    world.finish(world.client().create(resource, object, never));
  await create(DEPLOYMENTS, DEPLOYMENT);
  await create(POD_DISRUPTION_BUDGETS, BUDGET);
  const spec = { selector: labels, ports: [{ port: 80 }] };
  await create(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec });
  await world.until(() => readyOf(world, 'v1') === REPLICAS, 120_000);
  return world;
}

function readyOf(world: World, image: string): number {
  const isCounted = (pod: (typeof pods)[number]) =>
    isPodActive(pod) && isPodReady(pod) && pod.spec.containers[0]!.image === image;
  const pods = world.objects(PODS, 'default');
  return pods.filter(isCounted).length;
}

/** Until it is answered: what is lost on the way is asked for again. */
async function insist<T>(world: World, act: () => Promise<T>): Promise<void> {
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      await world.clock.sleep(1000, never);
    }
  }
}

/** As `kubectl drain` does: cordon, then evict until nothing is left. */
async function drain(world: World, name: string): Promise<void> {
  const client = world.client();
  await insist(world, () =>
    client.patch(NODES, { name }, { type: 'merge', body: { spec: { unschedulable: true } } }, never),
  );
  for (;;) {
    const left = world.objects(PODS, 'default').filter(({ spec }) => spec.nodeName === name);
    if (left.length === 0) return;
    for (const { metadata: target } of left) {
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: target };
      await client
        .createSubresource(
          PODS,
          { namespace: 'default', name: target.name },
          { name: 'eviction', body },
          never,
        )
        .catch((error: unknown) => {
          if (!(error instanceof StatusError)) throw error;
        });
    }
    await world.clock.sleep(5000, never);
  }
}

const rollOut = (world: World) => {
  const template = { spec: { containers: [{ name: 'web', image: 'v2' }] } };
  const patch = { type: 'strategic', body: { spec: { template } } } as const;
  return insist(world, () => world.client().patch(DEPLOYMENTS, metadata, patch, never));
};

/** The fault again and again, at drawn moments, for {@link FAULTY_MS}; then it is mended. */
async function suffer(world: World, fault: string): Promise<boolean> {
  const random = world.random.fork(`matrix ${fault}`);
  const kind = FAULTS[fault]!;
  const untilMs = world.clock.monotonicMs() + FAULTY_MS;
  const ends: (() => void)[] = [];
  let happened = false;
  while (world.clock.monotonicMs() < untilMs) {
    const parameters = kind.draw(random, partiesOf(world));
    if (parameters === undefined) break;
    happened = true;
    const end = beginFault(world, { fault, parameters }, random);
    ends.push(end);
    await world.advance(5000 + random.next() * 15_000);
    if (random.next() < 0.7) end();
    await world.advance(random.next() * 5000);
  }
  for (const end of ends) end();
  return happened;
}

for (const fault of Object.keys(FAULTS)) {
  for (const what of ['a rolling update', 'a drain'] as const) {
    test(`${what} comes to its end through ${fault}`, async (t) => {
      const world = await newShop(`${fault} ${what}`, what === 'a drain' ? 2 : 'apart');
      const checkers = attachCheckers(world);
      const wanted = what === 'a drain' ? 'v1' : 'v2';
      const acted = what === 'a drain' ? drain(world, 'node-1') : rollOut(world);
      if (!(await suffer(world, fault))) t.diagnostic(`${fault} cannot happen here`);
      await world.finish(acted, HEALED_WITHIN_MS);
      const isWhole = () => readyOf(world, wanted) === REPLICAS && checkers.unconverged().length === 0;
      await world.until(isWhole, HEALED_WITHIN_MS, 1000).catch(() => {});
      deepEqual(
        {
          unconverged: checkers.unconverged(),
          violations: checkers.violations,
          ready: readyOf(world, wanted),
        },
        {
          unconverged: [],
          violations: [],
          ready: REPLICAS,
        },
      );
      checkers.detach();
      await world.stop();
    });
  }
}
