import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newPodInfo } from './pod-info.ts';
import { inZone, newNode, newPod, snapshotOf } from './scheduler.fixture.ts';

test('ClusterSnapshot keeps Pods of a node that comes later or comes back', () => {
  const snapshot = snapshotOf();
  snapshot.setPod(newPod('p', { cpu: '1', spec: { nodeName: 'late' } }));
  snapshot.setNode(newNode('late'));
  assert.equal(snapshot.node('late')!.requested.get('cpu'), 1000);
  snapshot.removeNode('late');
  snapshot.setNode(newNode('late'));
  assert.equal(snapshot.node('late')!.requested.get('cpu'), 1000);
  snapshot.removePod('default/p');
  assert.equal(snapshot.node('late')!.requested.get('cpu'), 0);
});

test('ClusterSnapshot counts a Pod where the API says it is, whatever was assumed', () => {
  const snapshot = snapshotOf(newNode('a'), newNode('b'));
  const pod = newPod('p', { cpu: '1' });
  snapshot.place(newPodInfo(pod), 'a');
  snapshot.setPod({ ...pod, spec: { ...pod.spec, nodeName: 'b' } });
  assert.equal(snapshot.node('a')!.requested.get('cpu'), 0);
  assert.equal(snapshot.node('b')!.requested.get('cpu'), 1000);
  snapshot.setPod({ ...pod, spec: { ...pod.spec, nodeName: 'b' }, status: { phase: 'Succeeded' } });
  assert.equal(snapshot.node('b')!.requested.get('cpu'), 0);
});

test('ClusterSnapshot shows the newest status of a Pod, and counts it anew only when it asks for something else', () => {
  const snapshot = snapshotOf(newNode('a'));
  const pod = newPod('p', { cpu: '1', labels: { app: 'x' }, spec: { nodeName: 'a' } });
  snapshot.setPod(pod);
  const info = snapshot.node('a')!.pods.get('default/p')!;
  const started = { ...pod, status: { phase: 'Running', startTime: '2026-01-01T00:00:01Z' } };
  snapshot.setPod(started);
  assert.equal(snapshot.node('a')!.pods.get('default/p'), info);
  assert.equal(info.pod, started);
  snapshot.setPod(newPod('p', { cpu: '2', labels: { app: 'x' }, spec: { nodeName: 'a' } }));
  assert.equal(snapshot.node('a')!.requested.get('cpu'), 2000);
  snapshot.setPod(newPod('p', { cpu: '2', labels: { app: 'y' }, spec: { nodeName: 'a' } }));
  const labels = [...snapshot.cohorts.in('default')].map((cohort) => cohort.labels);
  assert.deepEqual(labels, [{ app: 'y' }]);
});

test('ClusterSnapshot orders nodes so that zones take turns, also after a zone has changed', () => {
  const snapshot = snapshotOf(
    newNode('a', inZone('x')),
    newNode('b', inZone('x')),
    newNode('c', inZone('y')),
    newNode('d', inZone('y')),
  );
  const names = () => snapshot.nodes.map(({ name }) => name).join('');
  assert.equal(names(), 'acbd');
  snapshot.setNode(newNode('b', inZone('z')));
  assert.equal(names(), 'abcd');
});

test('PodCohorts count every placed Pod once, through any changes', () => {
  const step = fc.record({
    name: fc.constantFrom('p', 'q', 'r', 's'),
    act: fc.constantFrom('place', 'remove', 'terminate', 'node', 'no-node'),
    node: fc.constantFrom('a', 'b'),
    app: fc.constantFrom('x', 'y'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const snapshot = snapshotOf(newNode('a'), newNode('b'));
      for (const { name, act, node, app } of steps) {
        const metadata = act === 'terminate' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
        if (act === 'remove') snapshot.removePod(`default/${name}`);
        else if (act === 'node') snapshot.setNode(newNode(node));
        else if (act === 'no-node') snapshot.removeNode(node);
        else snapshot.setPod(newPod(name, { labels: { app }, metadata, spec: { nodeName: node } }));
      }
      let counted = 0;
      for (const cohort of snapshot.cohorts.in('default')) {
        assert.ok(cohort.nodes.size > 0);
        for (const [node, count] of cohort.nodes) {
          assert.equal(snapshot.node(node.name), node);
          counted += count;
        }
      }
      const placed = snapshot.nodes.reduce((sum, node) => sum + node.pods.size, 0);
      assert.equal(counted, placed);
    }),
  );
});
