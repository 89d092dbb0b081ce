// As much of vitest as the example uses, on node:test: the example is run in every test run without vitest being installed.
import assert from 'node:assert/strict';

export { afterEach, test } from 'node:test';

export function expect(actual) {
  return {
    toBeLessThan: (limit) => assert.ok(actual < limit, `${actual} is not less than ${limit}`),
    toEqual: (expected) => assert.deepEqual(actual, expected),
  };
}
