import { deepEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { newWorld } from '../world/world.fixture.ts';
import { CalmTime } from './calm-time.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { newWatchStreamsChecker } from './watch-streams.ts';

async function newWatched(t: TestContext) {
  const world = await newWorld(t);
  const said: string[] = [];
  const cluster = { world, calm: new CalmTime(world) } as never;
  const checker = newWatchStreamsChecker(cluster, (message) => said.push(message));
  const revision = world.server.store!.revision;
  const nodeAt = (at: number) =>
    ({ kind: 'Node', metadata: { name: 'node-9', resourceVersion: String(at) } }) as KubeObject;
  const open = () => {
    const query = new URLSearchParams({ watch: 'true', resourceVersion: String(revision) });
    const request = { method: 'GET', path: '/api/v1/nodes', query, headers: {} };
    return checker.onWatch!({ process: 'control-plane/server', request } as never);
  };
  const commit = (at: number) => {
    const [key, object] = ['/registry/nodes/node-9', nodeAt(at)];
    const event = { kind: 'commit', type: 'put', key, revision: at, atMs: world.clock.now(), object };
    checker.onEvent!(event as never);
  };
  return { world, said, checker, revision, nodeAt, open, commit };
}

test('watch-streams: the end of a watch by an error holds up no other watch', async (t) => {
  const { world, said, checker, revision, nodeAt, open, commit } = await newWatched(t);
  const [told, ended] = [open(), open()];
  // It arrives before the commit is told here, and the error after it.
  told.delivered([{ type: 'ADDED', object: nodeAt(revision + 1) }] as never);
  ended.delivered([{ type: 'ERROR', object: { kind: 'Status', code: 410 } }] as never);
  commit(revision + 1);
  commit(revision + 2);
  told.delivered([{ type: 'MODIFIED', object: nodeAt(revision + 2) }] as never);
  await world.advance(2 * STALE_MAX_MS);
  deepEqual(checker.unconverged!(), []);
  deepEqual(said, []);
});

test('watch-streams: what was committed a moment ago may be on its way', async (t) => {
  const { world, checker, revision, open, commit } = await newWatched(t);
  open();
  await world.advance(2 * STALE_MAX_MS);
  commit(revision + 1);
  deepEqual(checker.unconverged!(), []);
  await world.advance(STALE_MAX_MS);
  deepEqual(checker.unconverged!(), [
    `the watch /api/v1/nodes of control-plane/server has not told of /registry/nodes/node-9 at ${revision + 1}`,
  ]);
});
