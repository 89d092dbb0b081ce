import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../../api/generated/core-v1.ts';
import { podRequests } from '../../api/pod-resources.ts';
import { drawPlan } from './draw-plan.ts';
import type { PlannedObject } from './plan.ts';

const NODE_MILLIS = 8000;
/** As far as each is scaled by users. */
const PODS_MAX = new Map([
  ['Deployment', 8],
  ['ReplicaSet', 6],
  ['Pod', 1],
]);

function requestOf(object: PlannedObject): number {
  const { spec } = object as unknown as { spec?: PodSpec & { template?: { spec: PodSpec } } };
  const podSpec = spec?.template?.spec ?? spec;
  return podRequests({ spec: podSpec } as Pod).get('cpu') ?? 0;
}

test('drawRequests: once every node is back some node has room for each Pod, and while they are gone it gets narrow', () => {
  let narrow = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { cluster, objects } = drawPlan(String(seed), { chaosMs: 0 });
    const running = objects.filter(({ kind }) => PODS_MAX.has(kind));
    const wanted = running.reduce((sum, object) => sum + requestOf(object) * PODS_MAX.get(object.kind)!, 0);
    const largest = Math.max(0, ...running.map(requestOf));
    ok(wanted <= cluster.nodes * (NODE_MILLIS - largest), `seed ${seed}`);
    if (wanted > (cluster.nodes - 1) * NODE_MILLIS * 0.5) narrow++;
  }
  ok(narrow > 50, `${narrow} are narrow`);
});
