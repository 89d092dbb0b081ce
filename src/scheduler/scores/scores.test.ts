import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/generated/core-v1.ts';
import { newPodInfo } from '../pod-info.ts';
import { newNode, newPod, snapshotOf } from '../scheduler.fixture.ts';
import { imageLocality } from './image-locality.ts';
import { balancedAllocation, leastAllocated } from './node-resources.ts';
import { taintToleration } from './taint-toleration.ts';

function holding(name: string, image: string, mebibytes: number): Node {
  const node = newNode(name);
  const images = [{ names: [image], sizeBytes: mebibytes * 1024 * 1024 }];
  return { ...node, status: { ...node.status, images } };
}

test('imageLocality prefers nodes that hold the image, the more the more nodes do', () => {
  const snapshot = snapshotOf(holding('a', 'i:latest', 500), newNode('b'));
  const info = newPodInfo(newPod('p'));
  const scores = () => Array.from(imageLocality.score(info, snapshot.nodes, snapshot) ?? []);
  assert.deepEqual(scores(), [23, 0], 'half of 500 MB, as one of two nodes holds it');
  snapshot.setNode(holding('b', 'i:latest', 500));
  assert.deepEqual(scores(), [48, 48]);
  snapshot.setNode(newNode('a'));
  assert.deepEqual(scores(), [0, 23]);
  snapshot.removeNode('b');
  assert.deepEqual(scores(), []);
});

test('leastAllocated and balancedAllocation count the Pod itself', () => {
  const snapshot = snapshotOf(newNode('a'), newNode('b', { cpu: '2' }));
  const info = newPodInfo(newPod('p', { cpu: '1' }));
  // CPU 75 and 50 free; memory 97 free, for a container without a request counts as 200 MB of 8 GB.
  assert.deepEqual(Array.from(leastAllocated.score(info, snapshot.nodes, snapshot)!), [86, 73]);
  assert.deepEqual(Array.from(balancedAllocation.score(info, snapshot.nodes, snapshot)!), [87, 75]);
  const bestEffort = newPodInfo(newPod('q'));
  assert.equal(balancedAllocation.score(bestEffort, snapshot.nodes, snapshot), undefined);
});

test('taintToleration avoids what would rather not have the Pod', () => {
  const taints = [{ key: 'k', effect: 'PreferNoSchedule' }];
  const snapshot = snapshotOf(newNode('a', { spec: { taints } }), newNode('b'));
  const scores = (spec: object) =>
    taintToleration.score(newPodInfo(newPod('p', { spec })), snapshot.nodes, snapshot);
  assert.deepEqual(scores({}), [0, 100]);
  assert.deepEqual(scores({ tolerations: [{ key: 'k', operator: 'Exists' }] }), [100, 100]);
});
