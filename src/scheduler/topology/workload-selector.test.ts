import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { InformerFactory } from '../../client/informer.ts';
import { InformerCache } from '../../client/informer-cache.ts';
import { newPod } from '../scheduler.fixture.ts';
import { newWorkloadSelector } from './workload-selector.ts';

const metadata = (name: string) => ({ name, namespace: 'default', uid: name, resourceVersion: '1' });

/** What the informers would hold, by resource. */
function factoryOf(objects: Record<string, object[]>): InformerFactory {
  const informer = ({ resource }: { resource: string }) => {
    const cache = new InformerCache<KubeObject>();
    for (const object of objects[resource] ?? []) cache.upsert(object as KubeObject);
    assert.equal(cache.size, objects[resource]?.length ?? 0, keyOf({ metadata: { name: resource } }));
    return cache;
  };
  return { informer } as unknown as InformerFactory;
}

const owned = (kind: string, name: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }],
});

const selectorOf = newWorkloadSelector(
  factoryOf({
    services: [
      { metadata: metadata('web'), spec: { selector: { app: 'web' } } },
      { metadata: metadata('none'), spec: { selector: {} } },
      { metadata: metadata('other'), spec: { selector: { app: 'other' } } },
    ],
    replicasets: [{ metadata: metadata('rs'), spec: { selector: { matchLabels: { hash: '1' } } } }],
  }),
);

test('newWorkloadSelector joins what the Services and the owner of a Pod select', () => {
  const matches = selectorOf(
    newPod('p', { labels: { app: 'web', hash: '1' }, metadata: owned('ReplicaSet', 'rs') }),
  );
  assert.equal(matches?.({ app: 'web', hash: '1' }), true);
  assert.equal(matches?.({ app: 'web', hash: '2' }), false);
  assert.equal(matches?.({ hash: '1' }), false);
});

test('newWorkloadSelector knows nothing of a Pod that neither a Service nor an owner selects', () => {
  assert.equal(selectorOf(newPod('p', { labels: { app: 'db' } })), undefined);
  assert.equal(selectorOf(newPod('p', { metadata: owned('Job', 'rs') })), undefined);
  assert.equal(selectorOf(newPod('p', { metadata: owned('ReplicaSet', 'unknown') })), undefined);
});
