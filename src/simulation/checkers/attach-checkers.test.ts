import { deepEqual, match, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { DEPLOYMENTS } from '../../api/resources.ts';
import { createDeployment, newWorld, readyPods } from '../world/world.fixture.ts';
import { CONTROL_PLANE } from '../world/world.ts';
import { attachCheckers } from './attach-checkers.ts';

const never = new AbortController().signal;

test('attachCheckers finds nothing wrong with a cluster that heals from kills, a power loss and a rollout', async (t) => {
  const world = await newWorld(t, { latencyMs: { min: 1, max: 20 } });
  const checked = attachCheckers(world);
  await createDeployment(world, 6);
  await world.until(() => readyPods(world).length === 6, 60_000);
  world.machine(CONTROL_PLANE).process('server')?.kill('a test');
  world.machine('node-1').process('agent')?.kill('a test');
  world.machine('node-2').powerOff();
  await world.advance(60_000);
  world.machine('node-2').powerOn();
  const name = { namespace: 'default', name: 'web' };
  const spec = { replicas: 9, template: { metadata: { labels: { version: '2' } } } };
  await world.finish(world.client().patch(DEPLOYMENTS, name, { type: 'merge', body: { spec } }, never));
  await world.advance(120_000);
  deepEqual(checked.violations, []);
  deepEqual(checked.unconverged(), []);
});

test('attachCheckers says what is not yet as it should be, with the name of the checker', async (t) => {
  const world = await newWorld(t, { programs: { web: { preloaded: true, runs: [{ startMs: 30_000 }] } } });
  const checked = attachCheckers(world, ['workloads-ready']);
  await createDeployment(world, 2);
  await world.advance(5000);
  const [first] = checked.unconverged();
  match(first ?? '', /^workloads-ready: Pod default\/web-\S+ is not ready/);
});

test('attachCheckers refuses a name that is no checker, and names those that are', async (t) => {
  const world = await newWorld(t);
  throws(
    () => attachCheckers(world, ['no-such']),
    /no checker "no-such"; there are: broken-process, revisions/,
  );
});

test('attachCheckers checks nothing after detach', async (t) => {
  const world = await newWorld(t);
  const checked = attachCheckers(world, ['revisions']);
  checked.detach();
  world.observe({
    kind: 'commit',
    revision: 1,
    key: '/registry/x',
    type: 'put',
    object: { metadata: { resourceVersion: '1' } },
    previous: undefined,
  });
  deepEqual(checked.violations, []);
  ok(world.server.store!.revision > 1);
});
