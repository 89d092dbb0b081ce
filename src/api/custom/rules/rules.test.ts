/** Rules of custom resources, by the examples of Kubernetes' documentation and of upstream's tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompileBudget } from '../../cel/compile-budget.ts';
import type { JSONSchemaProps, ValidationRule } from '../../generated/apiextensions-v1.ts';
import type { JsonValue } from '../../json.ts';
import { ruleErrors } from './check-rules.ts';
import { newRuleTree } from './compile-rules.ts';
import { validateRules } from './validate-rules.ts';

const INTEGER: JSONSchemaProps = { type: 'integer' };
const TEXT: JSONSchemaProps = { type: 'string', maxLength: 64 };

/** A resource with `fields` in its spec, which has `rules`. */
function resource(
  fields: Record<string, JSONSchemaProps>,
  ...rules: (string | ValidationRule)[]
): JSONSchemaProps {
  const spec = { type: 'object', properties: fields, ...withRules(rules) };
  return { type: 'object', properties: { spec } };
}

function withRules(rules: readonly (string | ValidationRule)[]) {
  const list = rules.map((rule) => (typeof rule === 'string' ? { rule } : rule));
  return list.length === 0 ? {} : { 'x-kubernetes-validations': list };
}

function judge(schema: JSONSchemaProps, spec: JsonValue, old?: JsonValue) {
  const object = (of: JsonValue) => ({ metadata: { name: 'x' }, spec: of });
  const tree = newRuleTree(schema, true)!;
  const verdict = validateRules(tree, object(spec), old === undefined ? undefined : object(old));
  return {
    errors: verdict.errors.map(({ field, message }) => `${field}: ${message}`),
    warnings: verdict.warnings,
  };
}

/** What is refused; `undefined` for an object that keeps its rules. */
function refusal(schema: JSONSchemaProps, spec: JsonValue, old?: JsonValue): string | undefined {
  return judge(schema, spec, old).errors.join(' | ') || undefined;
}

const LIMITS = resource(
  { min: INTEGER, max: INTEGER, replicas: INTEGER },
  {
    rule: 'self.min <= self.replicas',
    message: 'replicas should be at least min.',
  },
  'self.replicas <= self.max',
);

test('validateRules judges an object by the rules of its schema, in upstream words', () => {
  assert.equal(refusal(LIMITS, { min: 0, replicas: 1, max: 2 }), undefined);
  assert.equal(
    refusal(LIMITS, { min: 2, replicas: 1, max: 2 }),
    'spec: Invalid value: "object": replicas should be at least min.',
  );
  assert.equal(
    refusal(LIMITS, { min: 0, replicas: 3, max: 2 }),
    'spec: Invalid value: "object": failed rule: self.replicas <= self.max',
  );
  assert.equal(
    refusal(LIMITS, { replicas: 1, max: 2 }),
    'spec: Invalid value: "object": no such key: min evaluating rule: replicas should be at least min.',
  );
});

test('validateRules knows values by their schema', () => {
  const types: Record<string, JSONSchemaProps> = {
    text: TEXT,
    whole: INTEGER,
    real: { type: 'number' },
    port: { 'x-kubernetes-int-or-string': true },
    bytes: { type: 'string', format: 'byte' },
    day: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    span: { type: 'string', format: 'duration' },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: TEXT },
    labels: { type: 'object', additionalProperties: TEXT },
    namespace: TEXT,
    'dashed-name': TEXT,
    list: { type: 'array', items: { type: 'object', properties: { a: INTEGER } } },
  }; // prettier-ignore
  const spec: JsonValue = {
    text: 'a',
    whole: 1,
    real: 1,
    port: '80%',
    bytes: 'YWJj',
    day: '2024-02-29',
    at: '2024-02-29T12:00:00Z',
    span: '1h',
    set: ['b', 'a'],
    labels: { app: 'web' },
    namespace: 'n',
    'dashed-name': 'd',
    list: [{ a: 1 }],
  }; // prettier-ignore
  const rules = [
    "self.text == 'a' && self.whole == 1 && self.real < 1.5 && type(self.real) == double",
    "type(self.port) == string && self.port == '80%' && self.bytes == b'abc'",
    'self.day.getFullYear() == 2024 && self.at.getHours() == 12 && self.span < duration("2h")',
    "self.set == ['a', 'b'] && self.set + ['a', 'c'] == ['a', 'b', 'c'] && 'a' in self.set",
    "self.labels.app == 'web' && self.labels.all(k, k.startsWith('a')) && !has(self.labels.tier)",
    "self.__namespace__ == 'n' && self.dashed__dash__name == 'd' && self.list[0].a == 1 && self.list.exists(i, i.a == 1)",
  ];
  for (const rule of rules) {
    const schema = resource(types, rule);
    assert.equal(refusal(schema, spec), undefined, rule);
    assert.notEqual(refusal(resource(types, `!(${rule})`), spec), undefined, rule);
  }
});

test('validateRules judges rules where they stand: items, values, the root', () => {
  const item = { type: 'object', properties: { n: INTEGER }, ...withRules(['self.n > 0']) };
  const schema = resource({
    list: { type: 'array', items: item },
    map: { type: 'object', additionalProperties: item },
  });
  schema['x-kubernetes-validations'] = [{ rule: "self.metadata.name.startsWith('x') && self.kind != 'y'" }];
  const spec = { list: [{ n: 1 }, { n: 0 }], map: { a: { n: 0 } } };
  assert.deepEqual(judge(schema, spec).errors, [
    "<nil>: Invalid value: \"object\": no such key: kind evaluating rule: self.metadata.name.startsWith('x') && self.kind != 'y'",
    'spec.list[1]: Invalid value: "object": failed rule: self.n > 0',
    'spec.map[a]: Invalid value: "object": failed rule: self.n > 0',
  ]);
});

test('validateRules takes message, messageExpression, reason and fieldPath', () => {
  const of = (rule: Omit<ValidationRule, 'rule'>) =>
    resource(
      { n: INTEGER, m: { type: 'object', additionalProperties: INTEGER } },
      { rule: 'self.n < 1', ...rule },
    );
  const spec = { n: 7 };
  assert.equal(
    refusal(of({ messageExpression: "'n is ' + string(self.n)" }), spec),
    'spec: Invalid value: "object": n is 7',
  );
  assert.equal(
    refusal(of({ messageExpression: "self.n > 5 ? '' : 'x'", message: 'plain' }), spec),
    'spec: Invalid value: "object": plain',
  );
  assert.equal(
    refusal(of({ messageExpression: 'string(1 / (self.n - 7))' }), spec),
    'spec: Invalid value: "object": failed rule: self.n < 1',
  );
  assert.equal(
    refusal(of({ reason: 'FieldValueForbidden', message: 'no', fieldPath: '.n' }), spec),
    'spec.n: Forbidden: no',
  );
  assert.equal(
    refusal(of({ reason: 'FieldValueRequired', message: 'no', fieldPath: ".m['a']" }), spec),
    'spec.m.a: Required value: no',
  );
  assert.equal(refusal(of({ reason: 'FieldValueDuplicate' }), spec), 'spec: Duplicate value: "object"');
});

test('validateRules judges a change by transition rules', () => {
  const schema = resource({
    n: { ...INTEGER, ...withRules([{ rule: 'self >= oldSelf', message: 'may only grow' }]) },
  });
  assert.equal(refusal(schema, { n: 1 }), undefined);
  assert.equal(refusal(schema, { n: 2 }, { n: 1 }), undefined);
  assert.equal(refusal(schema, { n: 1 }, { n: 2 }), 'spec.n: Invalid value: "integer": may only grow');
  assert.equal(refusal(schema, { n: 1 }, {}), undefined);
  const optional = { rule: 'oldSelf.hasValue() || self == 1', optionalOldSelf: true, message: 'starts at 1' };
  const born = resource({ n: { ...INTEGER, ...withRules([optional]) } });
  assert.equal(refusal(born, { n: 2 }), 'spec.n: Invalid value: "integer": starts at 1');
  assert.equal(refusal(born, { n: 2 }, { n: 1 }), undefined);
});

test('validateRules compares items of keyed lists by their keys', () => {
  const item = {
    type: 'object',
    required: ['k'],
    properties: { k: TEXT, n: { ...INTEGER, ...withRules(['self >= oldSelf']) } },
  };
  const list = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: item,
  };
  const old = {
    list: [
      { k: 'a', n: 1 },
      { k: 'b', n: 5 },
    ],
  };
  assert.equal(
    refusal(
      resource({ list }),
      {
        list: [
          { k: 'b', n: 5 },
          { k: 'a', n: 1 },
          { k: 'c', n: 0 },
        ],
      },
      old,
    ),
    undefined,
  );
  assert.match(refusal(resource({ list }), { list: [{ k: 'b', n: 4 }] }, old)!, /^spec\.list\[0\]\.n: /);
});

test('validateRules only warns of what was broken before', () => {
  const schema = resource({ n: { ...INTEGER, ...withRules(['self < 5']) }, m: INTEGER }, 'self.m < 5');
  assert.deepEqual(judge(schema, { n: 7, m: 7 }, { n: 7, m: 7 }), {
    errors: [],
    warnings: [
      'spec: Invalid value: "object": failed rule: self.m < 5',
      'spec.n: Invalid value: "integer": failed rule: self < 5',
    ],
  });
  const changed = judge(schema, { n: 7, m: 6 }, { n: 7, m: 7 });
  assert.deepEqual(changed.errors, ['spec: Invalid value: "object": failed rule: self.m < 5']);
  assert.equal(changed.warnings.length, 1);
});

test('validateRules finds broken values in a rule, not a crash', () => {
  const fields: Record<string, JSONSchemaProps> = {
    n: INTEGER,
    bytes: { type: 'string', format: 'byte' },
    none: { ...INTEGER, nullable: true },
  };
  const cases: readonly (readonly [string, JsonValue, RegExp])[] = [
    [
      'self.n + 1 > 0',
      { n: 'text' },
      /invalid data, expected integer for the provided schema evaluating rule: self\.n \+ 1 > 0$/,
    ],
    ["self.bytes != b'a'", { bytes: '*' }, /failed to decode base64 string evaluating rule/],
    [
      'self.none + 1 > 0',
      { none: null },
      /'no such overload': call arguments did not match a supported operator/,
    ],
  ];
  for (const [rule, spec, message] of cases) assert.match(refusal(resource(fields, rule), spec)!, message);
});

test('validateRules stops rules that cost too much', () => {
  const list = { type: 'array', items: INTEGER };
  const schema = resource(
    { list },
    'self.list.all(a, self.list.all(b, self.list.all(c, a + b + c >= 0)))',
    'true',
  );
  const errors = judge(schema, { list: Array.from({ length: 200 }, () => 1) }).errors;
  assert.equal(errors.length, 1);
  assert.match(
    errors[0]!,
    /'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self\.list\.all/,
  );
});

const PATH = 'spec.versions[0].schema.openAPIV3Schema';

function problems(schema: JSONSchemaProps): string {
  return ruleErrors(schema, PATH, new CompileBudget())
    .map(({ field, message }) => `${field.slice(PATH.length + 1)}: ${message}`)
    .join(' | ');
}

test('ruleErrors says what does not compile, and where', () => {
  const at = 'properties[spec].x-kubernetes-validations[0]';
  const rule = (text: string) =>
    `Invalid value: apiextensions.ValidationRule{Rule:${JSON.stringify(text)}, Message:"", MessageExpression:"", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}`;
  assert.equal(problems(LIMITS), '');
  assert.equal(
    problems(resource({ n: INTEGER }, 'self.x == 1')),
    `${at}.rule: ${rule('self.x == 1')}: compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x == 1\n | ....^`,
  );
  assert.match(
    problems(resource({ n: INTEGER }, 'self.n')),
    /\.rule: .*: cel expression must evaluate to a bool$/,
  );
  assert.match(
    problems(resource({ n: INTEGER }, 'self.n == "a"')),
    /found no matching overload for '_==_' applied to '\(int, string\)'/,
  );
  assert.match(problems(resource({ n: INTEGER }, ' ')), /\.rule: Required value: rule is not specified/);
  assert.match(
    problems(resource({ n: INTEGER }, { rule: 'true', messageExpression: 'self.n' })),
    /messageExpression must evaluate to a string/,
  );
  assert.match(
    problems(resource({ n: INTEGER }, { rule: 'true', message: 'a\nb' })),
    /message must not contain line breaks/,
  );
  assert.match(
    problems(resource({ n: INTEGER }, { rule: 'true', reason: 'x' })),
    /reason: Unsupported value: "x"/,
  );
  assert.match(
    problems(resource({ n: INTEGER }, { rule: 'true', fieldPath: '.x' })),
    /fieldPath must be a valid path: does not refer to a valid field/,
  );
  assert.match(
    problems(resource({ n: INTEGER }, { rule: 'true', optionalOldSelf: true })),
    /may not be set if oldSelf is not used in rule/,
  );
});

test('ruleErrors judges defaults by the rules around them', () => {
  const sized = (size: number): JSONSchemaProps => ({
    ...INTEGER,
    default: size,
    ...withRules(['self < 5']),
  });
  assert.equal(problems(resource({ size: sized(1) })), '');
  assert.equal(
    problems(resource({ size: sized(7) })),
    'properties[spec].properties[size].default: Invalid value: "integer": failed rule: self < 5',
  );
  const box = { type: 'object', properties: { size: sized(1) }, default: { size: 9 } };
  assert.match(
    problems(resource({ box })),
    /properties\[box\]\.default\.size: Invalid value: "integer": failed rule/,
  );
});

test('ruleErrors refuses transition rules where nothing can be compared', () => {
  const item = { ...INTEGER, ...withRules(['self >= oldSelf']) };
  assert.match(
    problems(resource({ list: { type: 'array', items: item } })),
    /items\.x-kubernetes-validations\[0\]\.rule: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec\.versions\[0\]\.schema\.openAPIV3Schema\.properties\[spec\]\.properties\[list\]$/,
  );
});

test('ruleErrors estimates what rules cost on the largest objects', () => {
  const list = (max?: number): JSONSchemaProps => ({
    type: 'array',
    items: TEXT,
    ...(max === undefined ? {} : { maxItems: max }),
  });
  const nested = 'self.list.all(a, self.list.all(b, a == b || a != b))';
  assert.equal(problems(resource({ list: list(10) }, nested)), '');
  assert.equal(problems(resource({ list: list() }, 'self.list.all(a, a.size() < 5)')), '');
  const tooMuch = problems(resource({ list: list() }, nested));
  assert.match(
    tooMuch,
    /rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared\)/,
  );
  assert.match(
    tooMuch,
    /contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema/,
  );
  assert.match(
    tooMuch,
    /: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x/,
  );
});

test('ruleErrors compiles no more than the budget of a definition allows, defaults included', () => {
  const rules = (count: number): ValidationRule[] => Array(count).fill({ rule: 'self == self' });
  const schema: JSONSchemaProps = { type: 'string', default: '', 'x-kubernetes-validations': rules(3) };
  const root: JSONSchemaProps = { type: 'object', properties: { a: schema } };
  assert.deepEqual(ruleErrors(root, PATH, new CompileBudget(6 * 76)), []);
  const [error, ...others] = ruleErrors(root, PATH, new CompileBudget(2 * 76));
  assert.equal(error?.field, `${PATH}.properties[a].x-kubernetes-validations[2].rule`);
  assert.match(error?.message ?? '', /: expressions are too long together$/);
  assert.deepEqual(others, []);
});
