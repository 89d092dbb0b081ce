import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundTo, inZone, newNode, newPod, placeAll, refusal, snapshotOf } from '../scheduler.fixture.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';

function term(app: string, extra: object = {}): object {
  return { labelSelector: { matchLabels: { app } }, topologyKey: ZONE, ...extra };
}

function required(...terms: object[]): object {
  return { requiredDuringSchedulingIgnoredDuringExecution: terms };
}

function preferred(weight: number, podAffinityTerm: object): object {
  return { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm }] };
}

function pod(name: string, app: string, affinity: object = {}, namespace = 'default') {
  return newPod(name, { namespace, labels: { app }, spec: { affinity } });
}

function on(nodeName: string, placed: ReturnType<typeof pod>) {
  return { ...placed, spec: { ...placed.spec, nodeName } };
}

function cluster() {
  return snapshotOf(newNode('a', inZone('x')), newNode('b', inZone('y')));
}

test('interPodAffinity puts a Pod where those are that it must be near', () => {
  const snapshot = cluster();
  const near = pod('p', 'web', { podAffinity: required(term('cache')) });
  assert.equal(
    refusal(snapshot, near),
    "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
  );
  snapshot.setPod(on('b', pod('c', 'cache')));
  assert.equal(boundTo(snapshot, near), 'b');
  const nearBoth = pod('p', 'web', { podAffinity: required(term('cache'), term('db')) });
  assert.match(refusal(snapshot, nearBoth), /2 node\(s\) didn't match pod affinity rules/);
});

test('interPodAffinity lets the first of a group that wants to be together go anywhere, and no other', () => {
  const snapshot = cluster();
  const together = (name: string) => pod(name, 'web', { podAffinity: required(term('web')) });
  const used = placeAll(snapshot, [together('p0'), together('p1'), together('p2')]);
  assert.equal(new Set(used).size, 1);
});

test('interPodAffinity keeps Pods apart, by their own rule and by that of those already there', () => {
  const snapshot = cluster();
  const apart = (name: string) => pod(name, 'web', { podAntiAffinity: required(term('web')) });
  assert.deepEqual(placeAll(snapshot, [apart('p0'), apart('p1')]).toSorted(), ['a', 'b']);
  assert.equal(
    refusal(snapshot, apart('p2')),
    "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
  );
  assert.equal(
    refusal(snapshot, pod('plain', 'web')),
    "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.",
  );
  snapshot.removePod('default/p1');
  const free = placeAll(snapshot, [pod('plain', 'web')]);
  assert.equal(free.length, 1);
});

test('interPodAffinity means Pods of its own namespace unless it names others or selects them', () => {
  const snapshot = cluster();
  snapshot.setNamespace({ metadata: { name: 'shop', labels: { team: 'shop' } } } as never);
  snapshot.setPod(on('a', pod('c', 'cache', {}, 'shop')));
  const refuses = (extra: object) => {
    const wanted = pod('p', 'web', { podAffinity: required(term('cache', extra)) });
    return refusal(snapshot, wanted);
  };
  const goes = (extra: object) => {
    return boundTo(snapshot, pod('p', 'web', { podAffinity: required(term('cache', extra)) }));
  };
  assert.match(refuses({}), /pod affinity rules/);
  assert.equal(goes({ namespaces: ['shop'] }), 'a');
  assert.equal(goes({ namespaceSelector: { matchLabels: { team: 'shop' } } }), 'a');
  assert.equal(goes({ namespaceSelector: {} }), 'a');
  assert.match(refuses({ namespaceSelector: { matchLabels: { team: 'other' } } }), /pod affinity rules/);
});

test('interPodAffinity narrows a term by matchLabelKeys and mismatchLabelKeys', () => {
  const snapshot = cluster();
  snapshot.setPod(on('a', newPod('old', { labels: { app: 'web', version: '1' } })));
  const wanted = (extra: object) =>
    newPod('p', {
      labels: { app: 'web', version: '2' },
      spec: { affinity: { podAntiAffinity: required(term('web', extra)) } },
    });
  assert.equal(boundTo(snapshot, wanted({})), 'b');
  snapshot.setPod(on('b', newPod('old2', { labels: { app: 'web', version: '1' } })));
  assert.match(refusal(snapshot, wanted({})), /anti-affinity/);
  assert.ok(boundTo(snapshot, wanted({ matchLabelKeys: ['version'] })));
  assert.match(refusal(snapshot, wanted({ mismatchLabelKeys: ['version'] })), /anti-affinity/);
});

test('interPodAffinity weighs preferences of both sides', () => {
  const snapshot = snapshotOf(...['a', 'b', 'c'].map((name) => newNode(name)));
  const here = (app: string) => term(app, { topologyKey: HOSTNAME });
  snapshot.setPod(on('b', pod('c', 'cache')));
  assert.equal(boundTo(snapshot, pod('p', 'web', { podAffinity: preferred(100, here('cache')) })), 'b');
  snapshot.setPod(on('a', pod('hater', 'x', { podAntiAffinity: preferred(100, here('web')) })));
  snapshot.setPod(on('c', pod('friend', 'x', { podAffinity: preferred(100, here('web')) })));
  assert.equal(boundTo(snapshot, pod('p', 'web')), 'c');
});
