/** What tests of simulated worlds share. Holds no tests of its own. */
import type { Deployment } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { isPodActive, isPodReady } from '../../api/pod-conditions.ts';
import { DEPLOYMENTS, PODS } from '../../api/resources.ts';
import { World, type WorldOptions } from './world.ts';

const never = new AbortController().signal;

/** A world of three nodes that has started, and that is stopped after the test. */
export async function newWorld(
  t: { after(clean: () => Promise<void>): void },
  options: Partial<WorldOptions> = {},
): Promise<World> {
  const nodes = [1, 2, 3].map((number) => ({ name: `node-${number}` }));
  const world = new World({ seed: 1, nodes, programs: { web: { preloaded: true } }, ...options });
  t.after(() => world.stop());
  await world.start();
  return world;
}

/** `default/web`, of image `web`. */
export function createDeployment(world: World, replicas: number): Promise<Deployment> {
  const labels = { app: 'web' };
  const object: NewObject<Deployment> = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web' }] } },
    },
  };
  return world.finish(world.client().create(DEPLOYMENTS, object, never));
}

export function readyPods(world: World): readonly Pod[] {
  return world.objects(PODS).filter((pod) => isPodActive(pod) && isPodReady(pod));
}
