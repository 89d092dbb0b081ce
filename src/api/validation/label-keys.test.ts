import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { validateLabelKeys } from './label-keys.ts';
import { texts } from './problems.fixture.ts';

function problems(selector: Parameters<typeof validateLabelKeys>[0]): string[] {
  return texts(validateLabelKeys(selector, 't'));
}

test('validateLabelKeys wants a selector to narrow', () => {
  const labelSelector = {};
  deepEqual(problems({}), []);
  deepEqual(problems({ labelSelector, matchLabelKeys: ['a'], mismatchLabelKeys: ['b'] }), []);
  deepEqual(problems({ matchLabelKeys: ['a'], mismatchLabelKeys: ['b'] }), [
    't.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    't.mismatchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
  ]);
});

test('validateLabelKeys refuses keys that are none, or that say two things', () => {
  const labelSelector = {
    matchLabels: { a: '1' },
    matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }],
  };
  deepEqual(problems({ labelSelector, matchLabelKeys: ['b', 'a', ''], mismatchLabelKeys: ['b'] }), [
    't.matchLabelKeys[2]: Invalid value: "": name part must be non-empty',
    't[1]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
    't.matchLabelKeys[0]: Invalid value: "b": exists in both matchLabelKeys and mismatchLabelKeys',
  ]);
  // Added by the server once: the Pod's own value.
  deepEqual(
    problems({ labelSelector: { matchExpressions: labelSelector.matchExpressions }, matchLabelKeys: ['a'] }),
    [],
  );
});
