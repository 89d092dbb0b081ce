import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { newWorld } from '../world/world.fixture.ts';
import { CalmTime } from './calm-time.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { newWatchStreamsChecker } from './watch-streams.ts';

test('watch-streams: the end of a watch by an error holds up no other watch', async (t) => {
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
  const commit = (at: number) =>
    checker.onEvent!({
      kind: 'commit',
      type: 'put',
      key: '/registry/nodes/node-9',
      revision: at,
      object: nodeAt(at),
    } as never);
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
