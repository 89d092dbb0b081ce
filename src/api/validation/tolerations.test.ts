import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Toleration } from '../generated/core-v1.ts';
import { texts } from './problems.fixture.ts';
import { validateTolerations, validateTolerationsUpdate } from './tolerations.ts';

function problems(toleration: Toleration): string[] {
  return texts(validateTolerations([toleration], 't'));
}

test('validateTolerations lets Pods tolerate values, numbers, keys and all', () => {
  const tolerations: Toleration[] = [
    { operator: 'Exists' },
    { key: 'a', value: 'b' },
    { key: 'a', operator: 'Equal', effect: 'NoExecute', tolerationSeconds: 5 },
    { key: 'a', operator: 'Gt', value: '-9223372036854775808' },
    { key: 'a', operator: 'Lt', value: '0' },
  ];
  deepEqual(tolerations.flatMap(problems), []);
});

test('validateTolerations refuses what would match nothing', () => {
  deepEqual(problems({ value: 'b' }), [
    't[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ]);
  deepEqual(problems({ key: 'a', operator: 'Exists', value: 'b' }), [
    't[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
  ]);
  deepEqual(problems({ key: 'a', operator: 'Like', effect: 'NoRun', tolerationSeconds: 1 }), [
    't[0].effect: Invalid value: "NoRun": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    't[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
    't[0].effect: Unsupported value: "NoRun": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ]);
  deepEqual(problems({ key: 'a', value: 'b c' })[0]?.split(': ').slice(0, 3), [
    't[0].operator',
    'Invalid value',
    '"b c"',
  ]);
});

test('validateTolerations compares with whole numbers of 64 bits', () => {
  const of = (value: string): string[] =>
    problems({ key: 'a', operator: 'Lt', value }).map((words) =>
      words.replace(`t[0].value: Invalid value: "${value}": `, ''),
    );
  const form = 'must be a valid decimal integer in canonical form';
  deepEqual(of(''), ['must be non-empty', 'strconv.ParseInt: parsing "": invalid syntax']);
  deepEqual(of('1.5'), [form, 'strconv.ParseInt: parsing "1.5": invalid syntax']);
  deepEqual(of('+7'), [form]);
  deepEqual(of('007'), [form]);
  deepEqual(of('9223372036854775808'), [
    'strconv.ParseInt: parsing "9223372036854775808": value out of range',
  ]);
});

test('validateTolerationsUpdate lets tolerations come and last, not go', () => {
  const old: Toleration[] = [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }];
  const update = (now: Toleration[]): string[] => texts(validateTolerationsUpdate(now, old, 't'));
  deepEqual(update([{ operator: 'Exists' }, { ...old[0], tolerationSeconds: 9 }]), []);
  deepEqual(update([{ ...old[0], effect: 'NoSchedule' }]), [
    't: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  ]);
});
