/**
 * The agent killed at each step of starting and of stopping a Pod: a step is a door of the process, outwards or inwards,
 * and between two doors there is nothing that a crash could change.
 */
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { isPodReady } from '../../api/pod-conditions.ts';
import { CONFIG_MAPS, PODS } from '../../api/resources.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { World } from './world.ts';

const never = new AbortController().signal;

const PROGRAMS: Record<string, SimulatedProgram> = {
  app: {
    pull: { takesMs: 200 },
    runs: [
      {
        startMs: 50,
        onSignal: { SIGTERM: { afterMs: 1500, code: 0 } },
        exec: () => ({ exitCode: 0, takesMs: 300 }),
      },
    ],
  },
  setup: { runs: [{ exit: { afterMs: 400, code: 0 } }] },
};

const POD: NewObject<Pod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
    initContainers: [{ name: 'setup', image: 'setup' }],
    containers: [
      {
        name: 'app',
        image: 'app',
        volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
        lifecycle: { postStart: { exec: { command: ['warm'] } }, preStop: { exec: { command: ['drain'] } } },
      },
      { name: 'beside', image: 'app' },
    ],
  },
};

const podOf = (world: World): Pod | undefined => world.objects(PODS)[0];
const containersOf = (world: World) => world.nodes.get('node-1')!.host.runtime.listContainers(never);

/** Lets time pass until `holds`, looking often: no two containers of one name run at once. False after `limitMs`. */
async function passUntil(world: World, holds: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 250) {
    if (await holds()) return true;
    await world.advance(250);
    const running = (await containersOf(world)).filter(({ state }) => state === 'running');
    const names = running.map(({ metadata }) => metadata.name);
    equal(new Set(names).size, names.length, `running at once: ${names.join(', ')}`);
  }
  return holds();
}

/** A world whose node is ready, and the ConfigMap that the Pod mounts. */
async function newPodWorld(): Promise<World> {
  const world = new World({ seed: 1, nodes: [{ name: 'node-1' }], programs: PROGRAMS });
  await world.start();
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default' },
    data: { colour: 'gold' },
  } as const;
  await world.finish(world.client().create(CONFIG_MAPS, settings, never));
  await world.advance(5000);
  return world;
}

const createPod = (world: World) => world.finish(world.client().create(PODS, POD, never));
const agentOf = (world: World) => world.machine('node-1').process('agent')!;

/** How many steps the agent takes while `act` is done. */
async function stepsOf(world: World, act: () => Promise<void>): Promise<number> {
  const { life } = agentOf(world);
  const before = life.steps;
  await act();
  return life.steps - before;
}

async function becomesReady(world: World): Promise<void> {
  await createPod(world);
  await world.until(() => isPodReady(podOf(world)!), 20_000);
}

async function goes(world: World): Promise<void> {
  await world.finish(world.client().delete(PODS, { namespace: 'default', name: 'web' }, {}, never));
  await world.until(() => podOf(world) === undefined, 60_000);
}

test('a Pod starts, each container once at a time, with the agent killed at any step of it', async () => {
  const calm = await newPodWorld();
  const steps = await stepsOf(calm, () => becomesReady(calm));
  await calm.stop();
  ok(steps > 40, `${steps} steps`);
  for (let step = 1; step <= steps; step++) {
    const world = await newPodWorld();
    agentOf(world).life.killAfterSteps(step);
    await createPod(world);
    const isReady = await passUntil(world, async () => isPodReady(podOf(world)!), 15_000);
    const pod = podOf(world)!;
    ok(isReady, `not ready after a kill at step ${step}: ${JSON.stringify(pod.status)}`);
    const restarts = pod.status?.containerStatuses?.map(({ restartCount }) => restartCount) ?? [];
    ok(
      restarts.every((count) => count <= 1),
      `restarts after a kill at step ${step}: ${restarts.join()}`,
    );
    await world.stop();
  }
});

test('a Pod goes and leaves nothing, with the agent killed at any step of it', async () => {
  const calm = await newPodWorld();
  await becomesReady(calm);
  const steps = await stepsOf(calm, () => goes(calm));
  await calm.stop();
  ok(steps > 15, `${steps} steps`);
  for (let step = 1; step <= steps; step++) {
    const world = await newPodWorld();
    await becomesReady(world);
    agentOf(world).life.killAfterSteps(step);
    await goes(world);
    const isEmpty = async () => (await containersOf(world)).length === 0;
    ok(await passUntil(world, isEmpty, 35_000), `containers are left after a kill at step ${step}`);
    await world.stop();
  }
});
