import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newOrderedBucket } from './ordered-bucket.ts';

type Step = { do: 'set'; key: string; value: number } | { do: 'delete'; key: string } | { do: 'list' };

const key = fc.integer({ min: 0, max: 40 }).map((n) => `key-${n}`);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('set' as const), key, value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.constant({ do: 'list' as const }) },
);

test('OrderedBucket lists what a sorted map holds, and leaves lists that it handed out alone', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const bucket = newOrderedBucket<number>();
      const model = new Map<string, number>();
      const handedOut: (readonly [readonly number[], number[]])[] = [];
      for (const next of steps) {
        if (next.do === 'set') {
          bucket.set(next.key, next.value);
          model.set(next.key, next.value);
        } else if (next.do === 'delete') {
          bucket.delete(next.key);
          model.delete(next.key);
        } else {
          const list = bucket.list();
          const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
          deepEqual(list, expected);
          equal(bucket.list(), list, 'the same until the next change');
          handedOut.push([list, expected]);
        }
        equal(bucket.size, model.size);
      }
      for (const [list, expected] of handedOut) deepEqual(list, expected);
    }),
    { numRuns: 500 },
  );
});
