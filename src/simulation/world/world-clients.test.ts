import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG_MAPS, NODES } from '../../api/resources.ts';
import { aborted } from '../../base/abort.ts';
import { hasReason } from '../../base/status-error.ts';
import { newRestClient } from '../../client/rest-client.ts';
import { newSimulatedClock } from '../sim-clock.ts';
import { newWorld } from './world.fixture.ts';
import { ADMIN, World } from './world.ts';

const never = new AbortController().signal;

test('World.addMachine: its programs speak to the API from a party of their own, and are kept', async (t) => {
  const world = await newWorld(t);
  const starts: number[] = [];
  const machine = world.addMachine('operator', {
    controller: async (life, signal) => {
      starts.push(life.clock.monotonicMs());
      const transport = world.transportOf({ party: 'operator', process: 'operator', life, user: ADMIN });
      const client = newRestClient(transport, { userAgent: 'operator' });
      const metadata = { namespace: 'default', name: `start-${starts.length}` };
      await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, signal);
      await aborted(signal);
    },
  });
  const names = () => world.objects(CONFIG_MAPS, 'default').map(({ metadata }) => metadata.name);
  await world.until(() => names().includes('start-1'), 1000);
  const mend = world.network.disturb({ from: 'operator', to: '*', change: { isCut: true } });
  machine.process('controller')?.kill('a test');
  await world.advance(5000);
  equal(starts.length, 2);
  equal(names().includes('start-2'), false);
  mend();
  await world.until(() => names().includes('start-2'), 1000);
});

test('World.gateway leaves it to each request to prove whose it is', async (t) => {
  const world = await newWorld(t);
  const client = newRestClient(world.gateway(), { userAgent: 'stranger' });
  const asking = rejects(client.list(NODES, {}, never), (error) => hasReason(error, 'Forbidden'));
  await world.clock.settle();
  await asking;
});

test('World takes the clock that it is given', async () => {
  const clock = newSimulatedClock(Date.UTC(2030, 5, 1));
  const world = new World({ seed: 1, nodes: [{ name: 'node-1' }], programs: {}, clock });
  await world.start();
  await world.until(() => world.objects(NODES).length === 1, 5000);
  match(world.objects(NODES)[0]?.metadata.creationTimestamp ?? '', /^2030-06-01T/);
  await world.stop();
});

test('World: a watch that nobody reads fills its connection, then falls behind in the server', async (t) => {
  const world = await newWorld(t, {
    nodes: [],
    storeLimits: { watcherMaxBufferedEvents: 10, commitMaxRecords: 1 },
  });
  const client = world.client();
  const watch = client.watch(CONFIG_MAPS, { namespace: 'default' }, never)[Symbol.asyncIterator]();
  const first = watch.next();
  for (let index = 0; index < 40; index++) {
    const metadata = { namespace: 'default', name: `map-${index}` };
    await world.finish(client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, never));
  }
  const names: string[] = [];
  const reading = (async () => {
    for (let event = await first; event.done !== true; event = await watch.next()) {
      if (event.value.type === 'ADDED') names.push(event.value.object.metadata.name);
    }
  })();
  await rejects(world.finish(reading), (error) => hasReason(error, 'Expired'));
  // Each was told in its order up to where it ended: what the connection held, and the one that was being read.
  const told = names.filter((name) => name.startsWith('map-'));
  deepEqual(
    told,
    Array.from(told, (_, index) => `map-${index}`),
  );
  ok(told.length >= 16 && told.length < 30, `${told.length}`);
});
