import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { maxSurgeOf, maxUnavailableOf } from './budget.ts';
import { sizeOf } from './replica-sets.ts';
import { nextSizeOfCurrent, planScaleDownOld } from './rolling-update.ts';

function deployment(
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    },
  };
}

function replicaSet(name: string, replicas: number, availableReplicas: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'd',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: `2026-01-01T00:00:0${name.length}Z`,
    },
    spec: { replicas, selector: { matchLabels: { app: 'web' } } },
    status: { replicas, availableReplicas },
  };
}

const sizes = (resizes: ReturnType<typeof planScaleDownOld>) =>
  resizes.map(({ replicaSet: { metadata }, to }) => [metadata.name, to]);

test('maxSurgeOf rounds up and maxUnavailableOf down; both 0 still let one be missing', () => {
  const quarter = deployment(5, '25%', '25%');
  deepEqual([maxSurgeOf(quarter), maxUnavailableOf(quarter)], [2, 1]);
  const nothing = deployment(3, 0, '10%');
  deepEqual([maxSurgeOf(nothing), maxUnavailableOf(nothing)], [0, 1]);
  equal(maxUnavailableOf(deployment(2, 1, 5)), 2);
});

test('nextSizeOfCurrent takes what the surge leaves', () => {
  const web = deployment(5, 2, 1);
  equal(nextSizeOfCurrent(web, replicaSet('new', 0, 0), [replicaSet('o', 5, 5)]), 2);
  equal(nextSizeOfCurrent(web, replicaSet('new', 2, 2), [replicaSet('o', 4, 4)]), 3);
  equal(nextSizeOfCurrent(web, replicaSet('new', 2, 2), [replicaSet('o', 5, 5)]), 2);
  equal(nextSizeOfCurrent(web, replicaSet('new', 7, 2), []), 5);
});

test('planScaleDownOld takes Pods that are not available first, from the oldest on', () => {
  const web = deployment(5, 2, 1);
  const old = [replicaSet('oo', 3, 1), replicaSet('o', 2, 2)];
  deepEqual(sizes(planScaleDownOld(web, replicaSet('new', 2, 0), old)), [['oo', 2]]);
  deepEqual(sizes(planScaleDownOld(web, replicaSet('new', 2, 2), old)), [
    ['o', 1],
    ['oo', 1],
  ]);
});

test('planScaleDownOld waits while new Pods are not available', () => {
  const web = deployment(5, 2, 1);
  deepEqual(planScaleDownOld(web, replicaSet('new', 3, 0), [replicaSet('o', 4, 4)]), []);
});

test('planScaleDownOld does not trust a count from before its own last step', () => {
  const web = deployment(5, 0, 1);
  const old = replicaSet('o', 4, 5);
  deepEqual(sizes(planScaleDownOld(web, replicaSet('new', 1, 1), [old])), [['o', 3]]);
});

/** A ReplicaSet's true Pods beside what its status, which lags, says of them. */
interface World {
  web: Deployment;
  sets: { name: string; size: number; available: number; reported: number }[];
}

function step(world: World, chance: number): void {
  const { web, sets } = world;
  const set = sets[Math.floor(chance * 1000) % sets.length]!;
  const kind = Math.floor(chance * 7919) % 4;
  if (kind === 0) {
    // The ReplicaSet controller acts: surplus Pods go, those that are not available first.
    set.available = Math.min(set.available, set.size);
  } else if (kind === 1) {
    if (set.available < set.size) set.available++;
  } else if (kind === 2) {
    set.reported = set.available;
  } else {
    const views = sets.map(({ name, size, reported }) => replicaSet(name, size, reported));
    const [current, ...old] = views;
    const size = nextSizeOfCurrent(web, current!, old);
    if (size !== sizeOf(current!)) sets[0]!.size = size;
    else {
      for (const { replicaSet: rs, to } of planScaleDownOld(web, current!, old)) {
        sets.find(({ name }) => name === rs.metadata.name)!.size = to;
      }
    }
  }
}

test('planScaleDownOld and nextSizeOfCurrent keep availability and the surge, whatever the order of steps', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 50, maxLength: 300 }),
      (replicas, surge, unavailable, shares, chances) => {
        const web = deployment(replicas, `${surge}%`, `${unavailable}%`);
        const world: World = { web, sets: [{ name: 'new', size: 0, available: 0, reported: 0 }] };
        let left = replicas;
        shares.forEach((share, index) => {
          const size = index === shares.length - 1 ? left : Math.min(left, share);
          left -= size;
          world.sets.push({ name: 'o'.repeat(index + 1), size, available: size, reported: size });
        });
        for (const chance of chances) {
          step(world, chance);
          const total = world.sets.reduce((sum, { size }) => sum + size, 0);
          const available = world.sets.reduce((sum, set) => sum + Math.min(set.available, set.size), 0);
          ok(total <= replicas + maxSurgeOf(web), `${total} Pods for ${replicas}`);
          ok(available >= replicas - maxUnavailableOf(web), `${available} available of ${replicas}`);
        }
        // Liveness: with everybody acting in turn, the rollout ends.
        for (let round = 0; round < 2000; round++) step(world, ((round * 7919 + 13) % 99991) / 99991);
        equal(world.sets[0]!.size, replicas);
      },
    ),
    { numRuns: 300 },
  );
});
