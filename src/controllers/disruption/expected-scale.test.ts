import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newOwner, newPod } from './budget.fixture.ts';
import { evaluateScale, type OwnerLookup, type ScaledOwner } from './expected-scale.ts';

const OWNERS: Record<string, ScaledOwner> = {
  web: { uid: 'web', replicas: 5, controller: undefined },
  'web-old': { uid: 'web-old', replicas: 2, controller: newOwner('Deployment', 'web') },
  'web-new': { uid: 'web-new', replicas: 4, controller: newOwner('Deployment', 'web') },
  alone: { uid: 'alone', replicas: 3, controller: undefined },
  orphaned: { uid: 'orphaned', replicas: 7, controller: newOwner('Deployment', 'gone') },
};
const ownerOf: OwnerLookup = ({ name }) => OWNERS[name];
const podOf = (replicaSet: string) =>
  newPod(`${replicaSet}-1`, { owner: newOwner('ReplicaSet', replicaSet) });

test('evaluateScale counts a Deployment once, not its ReplicaSets of a rollout', () => {
  const pods = [podOf('web-old'), podOf('web-new'), podOf('web-new')];
  deepEqual(evaluateScale(pods, ownerOf), { kind: 'known', replicas: 5, unmanaged: [] });
});

test('evaluateScale adds up different owners, and takes a ReplicaSet whose Deployment is gone by itself', () => {
  const scale = evaluateScale([podOf('web-old'), podOf('alone'), podOf('orphaned')], ownerOf);
  equal(scale.kind === 'known' && scale.replicas, 15);
});

test('evaluateScale names Pods without a controller, and counts none for them', () => {
  const loose = newPod('loose');
  deepEqual(evaluateScale([loose, podOf('alone')], ownerOf), {
    kind: 'known',
    replicas: 3,
    unmanaged: [loose],
  });
});

test('evaluateScale says what it cannot know', () => {
  const lost = newPod('lost', { owner: newOwner('ReplicaSet', 'unknown') });
  deepEqual(evaluateScale([lost], ownerOf), {
    kind: 'unknown',
    message: 'found no controllers for pod "lost"',
  });
  const ofJob = newPod('once', { owner: newOwner('Job', 'once', 'batch/v1') });
  deepEqual(evaluateScale([ofJob], ownerOf), {
    kind: 'unknown',
    message: 'jobs.batch does not implement the scale subresource',
  });
});
