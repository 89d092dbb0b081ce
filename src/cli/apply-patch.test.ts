import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalJson, type JsonObject } from '../api/json.ts';
import { schemaForKind } from '../api/schema.ts';
import { planApplyPatch } from './apply-patch.ts';

const DEPLOYMENT = schemaForKind({ group: 'apps', version: 'v1', kind: 'Deployment' });

function withContainers(...containers: JsonObject[]): JsonObject {
  return { spec: { template: { spec: { containers } } } };
}

test('planApplyPatch is empty for what the object has already, whatever else it has', () => {
  const modified = {
    spec: { replicas: 5, ...(withContainers({ name: 'web', image: 'a' })['spec'] as JsonObject) },
  };
  const current = {
    spec: {
      replicas: 5,
      paused: true,
      template: {
        spec: {
          containers: [{ name: 'web', image: 'a', terminationMessagePath: '/x' }, { name: 'sidecar' }],
        },
      },
    },
    status: { replicas: 5 },
  };
  assert.deepEqual(planApplyPatch({ original: modified, modified, current }, DEPLOYMENT), {});
});

test('planApplyPatch removes what the last manifest had, and leaves what others set', () => {
  const original = { spec: { replicas: 5, paused: true } };
  const modified = { spec: { replicas: 5 } };
  const current = { spec: { replicas: 5, paused: true, minReadySeconds: 3 } };
  assert.deepEqual(planApplyPatch({ original, modified, current }, DEPLOYMENT), { spec: { paused: null } });
});

test('planApplyPatch patches list elements by their key', () => {
  const original = withContainers({ name: 'web', image: 'a' }, { name: 'old', image: 'o' });
  const modified = withContainers({ name: 'web', image: 'b' }, { name: 'new', image: 'n' });
  const current = withContainers(
    { name: 'web', image: 'a', tty: false },
    { name: 'old', image: 'o' },
    { name: 'theirs' },
  );
  assert.deepEqual(planApplyPatch({ original, modified, current }, DEPLOYMENT), {
    spec: {
      template: {
        spec: {
          '$setElementOrder/containers': [{ name: 'web' }, { name: 'new' }],
          containers: [
            { image: 'b', name: 'web' },
            { name: 'new', image: 'n' },
            { $patch: 'delete', name: 'old' },
          ],
        },
      },
    },
  });
});

test('planApplyPatch clears the other side of a union when it changes', () => {
  const original = { spec: { strategy: { type: 'RollingUpdate' } } };
  const modified = { spec: { strategy: { type: 'Recreate' } } };
  const current = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } } } };
  assert.deepEqual(planApplyPatch({ original, modified, current }, DEPLOYMENT), {
    spec: { strategy: { type: 'Recreate', $retainKeys: ['type'] } },
  });
});

test('planApplyPatch treats a list of scalars that merges as a set', () => {
  const meta = (finalizers: string[]) => ({ metadata: { finalizers } });
  const versions = { original: meta(['a', 'b']), modified: meta(['a', 'c']), current: meta(['a', 'b', 'z']) };
  assert.deepEqual(planApplyPatch(versions, DEPLOYMENT), {
    metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['b'] },
  });
});

test('planApplyPatch without a schema is a merge patch', () => {
  const versions = { original: { a: [1], b: 1 }, modified: { a: [2] }, current: { a: [1], b: 1, c: 3 } };
  assert.deepEqual(planApplyPatch(versions, undefined), { a: [2], b: null });
});

test('planApplyPatch is empty exactly when the manifest is contained in the object', () => {
  const container = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constantFrom('x', 'y'),
  });
  const list = fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1 });
  fc.assert(
    fc.property(list, list, (wanted, live) => {
      const modified = withContainers(...wanted);
      const patch = planApplyPatch(
        { original: undefined, modified, current: withContainers(...live) },
        DEPLOYMENT,
      );
      const isContained = wanted.every((one) => live.some((other) => equalJson(one, other)));
      assert.equal(Object.keys(patch).length === 0, isContained);
    }),
  );
});
