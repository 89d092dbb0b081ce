/** The server killed, or without power, at every await of a write: what was acknowledged is there, nothing is half there. */
import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../../api/generated/core-v1.ts';
import { CONFIG_MAPS } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import { CONTROL_PLANE, World } from './world.ts';

const never = new AbortController().signal;
const NAMES = ['red', 'green', 'blue'];

/** What a client knows of one object: the values that it may have, in view of what was answered. */
class Knowledge {
  /** `undefined`: absent. More than one while the outcome of a write is not known. */
  possible: (string | undefined)[] = [undefined];

  wrote(value: string | undefined, outcome: 'acknowledged' | 'refused' | 'unknown'): void {
    if (outcome === 'acknowledged') this.possible = [value];
    if (outcome === 'unknown') this.possible.push(value);
  }
}

const outcomeOf = (error: unknown): 'refused' | 'unknown' => {
  if (!(error instanceof StatusError)) throw error;
  return error.reason === 'ServiceUnavailable' || error.reason === 'Timeout' ? 'unknown' : 'refused';
};

async function newDiskWorld(seed: number): Promise<World> {
  const world = new World({ seed, nodes: [], programs: {}, disk: 'simulated', controllers: 'apart' });
  const delays = world.random.fork('flushes');
  world.disk!.syncDelayMs = () => 1 + delays.next() * 5;
  await world.start();
  await world.advance(5000);
  return world;
}

/** One client: writes each object anew, over and over, and remembers what it may hold. */
async function write(world: World, name: string, knowledge: Knowledge, rounds: number): Promise<void> {
  const client = world.client();
  const target = { namespace: 'default', name };
  for (let round = 0; round < rounds; round++) {
    const value = `${name} ${round}`;
    const [act, written] = actOf(round);
    try {
      if (act === 'create') {
        const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: target, data: { value } } as const;
        await client.create(CONFIG_MAPS, map, never);
      } else if (act === 'patch') {
        await client.patch(CONFIG_MAPS, target, { type: 'merge', body: { data: { value } } }, never);
      } else {
        await client.delete(CONFIG_MAPS, target, {}, never);
      }
      knowledge.wrote(written ? value : undefined, 'acknowledged');
    } catch (error) {
      knowledge.wrote(written ? value : undefined, outcomeOf(error));
    }
  }
}

const actOf = (round: number): [act: 'create' | 'patch' | 'delete', written: boolean] =>
  round % 4 === 0 ? ['create', true] : round % 4 === 3 ? ['delete', false] : ['patch', true];

const newKnown = () => new Map(NAMES.map((name) => [name, new Knowledge()]));

async function runWrites(world: World, rounds: number, known = newKnown()): Promise<Map<string, Knowledge>> {
  const clients = [...known].map(([name, knowledge]) => write(world, name, knowledge, rounds));
  await world.finish(Promise.all(clients));
  return known;
}

function check(world: World, known: Map<string, Knowledge>, place: string): void {
  const maps = world.objects(CONFIG_MAPS, 'default');
  const held = new Map(maps.map((map: ConfigMap) => [map.metadata.name, map.data?.['value']]));
  for (const [name, { possible }] of known) {
    ok(
      possible.includes(held.get(name)),
      `${place}: ${name} holds ${held.get(name)}, which is none of ${possible.join(', ')}`,
    );
  }
}

/** How many doors the server goes through while the clients write. */
async function stepsOfWrites(rounds: number): Promise<number> {
  const world = await newDiskWorld(1);
  const { life } = world.machine(CONTROL_PLANE).process('server')!;
  const before = life.steps;
  await runWrites(world, rounds);
  await world.stop();
  return life.steps - before;
}

for (const end of ['kill -9', 'loss of power'] as const) {
  test(`what was acknowledged survives a ${end} of the server at every await of its writes`, async () => {
    const rounds = 12;
    const steps = await stepsOfWrites(rounds);
    ok(steps > 20, `${steps} steps`);
    for (let step = 1; step <= steps; step++) {
      const world = await newDiskWorld(step);
      const machine = world.machine(CONTROL_PLANE);
      if (end === 'loss of power') cutPowerAtEnd(world);
      machine.process('server')!.life.killAfterSteps(step);
      const known = await runWrites(world, rounds);
      await world.until(() => world.server.listener !== undefined, 60_000);
      check(world, known, `${end} at step ${step}`);
      await runWrites(world, 1, known);
      check(world, known, `after the ${end} at step ${step}`);
      await world.stop();
    }
  });
}

/** The machine goes with its server, and is back a second later. */
function cutPowerAtEnd(world: World): void {
  const stop = world.onEvent((event) => {
    if (event.kind !== 'process' || event.what !== 'killed') return;
    stop();
    world.machine(CONTROL_PLANE).powerOff();
    world.clock.setTimer(1000, () => world.machine(CONTROL_PLANE).powerOn());
  });
}

test('a full disk refuses writes as unavailable, and takes them again when there is room', async () => {
  const world = await newDiskWorld(1);
  world.disk!.capacityBytes = 0;
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'red', namespace: 'default' },
  } as const;
  const outcome = await world.finish(
    world
      .client()
      .create(CONFIG_MAPS, map, never)
      .then(
        () => 'created',
        (error: StatusError) => error.reason,
      ),
  );
  deepEqual(outcome, 'ServiceUnavailable');
  world.disk!.capacityBytes = Number.POSITIVE_INFINITY;
  await world.finish(world.client().create(CONFIG_MAPS, map, never));
  await world.stop();
});

test('a failed flush ends the server, which then starts from what the disk holds', async () => {
  const world = await newDiskWorld(1);
  const ends: string[] = [];
  world.onEvent((event) => {
    if (event.kind === 'process' && event.what === 'broken') ends.push(event.process);
  });
  const { store } = world.server;
  world.disk!.failSyncs = true;
  const known = await runWrites(world, 2);
  world.disk!.failSyncs = false;
  await world.until(() => world.server.store !== store && world.server.listener !== undefined, 60_000);
  ok(ends.includes(`${CONTROL_PLANE}/server`));
  check(world, known, 'after a failed flush');
  await world.stop();
});
