import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../api/meta.ts';
import { InformerCache } from './informer-cache.ts';

interface Thing extends KubeObject {
  color: string;
}

const thing = (namespace: string, name: string, color: string, resourceVersion: number): Thing => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: {
    namespace,
    name,
    uid: `${namespace}-${name}`,
    resourceVersion: String(resourceVersion),
    creationTimestamp: '',
  },
  color,
});

const step = fc.record({
  removes: fc.boolean(),
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('x', 'y', 'z'),
  color: fc.constantFrom('red', 'blue'),
});

test('InformerCache lists by namespace and by index as a filter of everything would, from whenever on', () => {
  fc.assert(
    fc.property(fc.array(step), fc.nat(10), fc.nat(10), (steps, namespacesFrom, indexFrom) => {
      const cache = new InformerCache<Thing>();
      const model = new Map<string, Thing>();
      for (const [i, { removes, namespace, name, color }] of steps.entries()) {
        const object = thing(namespace, name, color, i + 1);
        const key = `${namespace}/${name}`;
        if (removes) cache.remove(object);
        else cache.upsert(object);
        if (removes) model.delete(key);
        else model.set(key, object);
        const all = [...model.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
        deepEqual(cache.list(), all);
        equal(cache.get(key), model.get(key));
        if (i === indexFrom) cache.addIndex('color', (each) => [each.color]);
        if (i >= indexFrom) {
          deepEqual(
            cache.byIndex('color', 'red'),
            all.filter((each) => each.color === 'red'),
          );
        }
        if (i < namespacesFrom) continue;
        deepEqual(
          cache.list('a'),
          all.filter(({ metadata }) => metadata.namespace === 'a'),
        );
      }
    }),
  );
});
