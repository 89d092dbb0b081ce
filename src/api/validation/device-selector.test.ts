import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompileBudget } from '../cel/compile-budget.ts';
import { validateSelectors } from './device-selector.ts';
import { texts } from './problems.fixture.ts';

const of = (...expressions: string[]) =>
  texts(
    validateSelectors(
      expressions.map((expression) => ({ cel: { expression } })),
      's',
      new CompileBudget(),
    ),
  );
const field = 's[0].cel.expression';

test('validateSelectors knows what a device has', () => {
  assert.deepEqual(
    of(
      'device.driver == "gpu.example.com"',
      'device.attributes["gpu.example.com"].model.startsWith("A")',
      'device.attributes["gpu.example.com"].isFast',
      'device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("8Gi"))',
      'device.attributes["gpu.example.com"].version.isGreaterThan(semver("1.0.0"))',
      'device.allowMultipleAllocations && "gpu.example.com" in device.attributes',
      'cel.bind(gpu, device.attributes["gpu.example.com"], gpu.isFast && gpu.model == "A")',
    ),
    [],
  );
  assert.deepEqual(of('device.names == 1'), [
    `${field}: Invalid value: "device.names == 1": compilation failed: ERROR: <input>:1:7: undefined field 'names'\n | device.names == 1\n | ......^`,
  ]);
  assert.match(
    of('device.driver > 1')[0]!,
    /compilation failed: .* no matching overload for '_>_' applied to '\(string, int\)'/,
  );
  const text = 'device.attributes[true].someBoolean';
  assert.deepEqual(of(text), [
    `${field}: Invalid value: "${text}": compilation failed: ERROR: <input>:1:18: found no matching overload for '_[_]' applied to '(map(string, map(string, any)), bool)'\n | ${text}\n | .................^`,
  ]);
  assert.match(of('object.a')[0]!, /undeclared reference to 'object' \(in container ''\)/);
});

test('validateSelectors wants a boolean', () => {
  assert.deepEqual(of('device.driver'), [
    `${field}: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string`,
  ]);
  assert.match(of('device.capacity["a"].b')[0]!, /or the unknown type, not kubernetes.Quantity$/);
});

test('validateSelectors refuses what may cost too much', () => {
  const all = 'device.attributes.all(a,device.attributes.all(b,device.attributes.all(c,';
  const nested = `${all}device.attributes.all(d, a == b && c == d))))`;
  assert.deepEqual(of(nested), [`${field}: Forbidden: too complex, exceeds cost limit`]);
  const ten = '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all';
  const deep = (depth: number): string =>
    depth === 0 ? "int('1'.find('[0-9]*')) < 100" : `${ten}(x${depth}, ${deep(depth - 1)})`;
  assert.deepEqual(of(deep(7)), [`${field}: Forbidden: too complex, exceeds cost limit`]);
  assert.deepEqual(of(deep(3), 'device.attributes.all(a, device.attributes.all(b, a == b))'), []);
  // An attribute is known to be short.
  assert.deepEqual(of('["a","b","c","d"].all(x, device.attributes["a"].b.contains(x))'), []);
});

test('validateSelectors limits each expression, their number, and their text', () => {
  assert.deepEqual(of('x'.repeat(10 * 1024 + 1)), [`${field}: Too long: may not be more than 10240 bytes`]);
  assert.deepEqual(of(...Array.from({ length: 33 }, () => 'true')), [
    's: Too many: 33: must have at most 32 items',
  ]);
  const long = `true //${'x'.repeat(10_000)}`;
  const many = of(...Array.from({ length: 20 }, () => long));
  assert.match(many[0]!, /^s\[13\].cel.expression: .*: expressions are too long together$/);
  assert.deepEqual(texts(validateSelectors([{}], 's', undefined)), ['s[0].cel: Required value']);
  assert.deepEqual(validateSelectors([{ cel: { expression: 'stored' } }], 's', undefined), []);
});
