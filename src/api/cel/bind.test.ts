import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CelBudget } from './budget.ts';
import { CelCompileError, CelError } from './cel-error.ts';
import { INT } from './cel-type.ts';
import { CelEnvironment } from './environment.ts';

const ENVIRONMENT = new CelEnvironment({ n: INT }, { allowsBind: true });
const evaluate = (text: string, environment = ENVIRONMENT) =>
  environment.compile(text).evaluate([7n], new CelBudget(1000));

test('compileBind gives a value a name, within the body alone', () => {
  assert.equal(evaluate('cel.bind(m, n + 1, m * m)'), 64n);
  assert.equal(evaluate('cel.bind(n, n + 1, n) + n'), 15n);
  assert.equal(evaluate('[1, 2].map(x, cel.bind(y, x * 10, y + n)) == [17, 27]'), true);
  assert.equal(evaluate('cel.bind(a, 1, cel.bind(b, a + 1, a + b))'), 3n);
  assert.throws(() => evaluate('cel.bind(m, 1, m) + m'), /undeclared reference to 'm'/);
  assert.throws(() => evaluate('cel.bind(m, 1 / 0, true)'), CelError);
});

test('compileBind is refused a name that is none, and where it is not known', () => {
  assert.throws(
    () => evaluate('cel.bind(n.m, 1, true)'),
    /cel\.bind\(\) variable names must be simple identifiers/,
  );
  assert.throws(() => evaluate('cel.bind(m, 1, m)', new CelEnvironment({ n: INT })), CelCompileError);
});
