/** The language itself, by examples of its specification. @see cel-spec, doc/langdef.md and tests/simple */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CelBudget } from './budget.ts';
import { CelCompileError, CelCostError, CelError } from './cel-error.ts';
import { BOOL, DYN, INT, STRING } from './cel-type.ts';
import { CelEnvironment } from './environment.ts';
import { celEquals } from './equality.ts';
import { LiteralMap } from './value.ts';

const ENVIRONMENT = new CelEnvironment({ x: DYN, n: INT, s: STRING });

function evaluate(text: string, limit = 1_000_000) {
  const map = new LiteralMap();
  map.add('a', 1n);
  return ENVIRONMENT.compile(text).evaluate([map, 7n, 'text'], new CelBudget(limit));
}

/** Texts that are all true. */
const TRUE: Readonly<Record<string, readonly string[]>> = {
  literals: [
    '1 == 0x1 && 2u == 0x2u && -9223372036854775808 < 0 && 1.5e3 == 1500.0 && .5 == 0.5',
    String.raw`"a\tb" == 'a\x09b' && "\u00e9" == "é" && '\101' == "A" && r"\n" == "\\n"`,
    `"""a\n'b'""" == "a\\n'b'" && b"abc" == bytes("abc") && b'\\xff' != b'\\xc3\\xbf'`,
    'size("😀") == 1 && size(b"😀") == 4',
    '[1, 2,].size() == 2 && {"a": 1,}.size() == 1 // a comment',
  ],
  arithmetic: [
    '1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 3 == -1 && 7 - -1 == 8',
    '1.0 / 0.0 == double("Infinity") && 5u / 2u == 2u',
    '"a" + "b" == "ab" && [1] + [2] == [1, 2] && b"a" + b"b" == b"ab"',
    '!!true && --1 == 1',
    '1 < 2 == true && (true ? 1 : 2) == 1 && (false ? 1 : true ? 2 : 3) == 2',
  ],
  equality: [
    '1 == 1.0 && 1u == 1 && dyn(1) == dyn(1.0) && !(dyn(1) == dyn("1"))',
    '[1, [2]] == [1, [2]] && {"a": [1]} == {"a": [1]} && dyn({1: 2}) == dyn({1u: 2.0})',
    'null == null && dyn(null) != dyn(0) && double("NaN") != double("NaN")',
    '1 < 1.5 && 2u > 1 && "a" < "b" && b"a" < b"b" && false < true',
    '"\\U0001F600" > "\\uFFFD"',
  ],
  logic: ['true || 1 / 0 > 1', '1 / 0 > 1 || true', '!(false && 1 / 0 > 1) && !(1 / 0 > 1 && false)'],
  maps: [
    'x.a == 1 && x["a"] == 1 && has(x.a) && !has(x.b) && "a" in x && !("b" in x)',
    '{"a": {"b": [1, 2]}}.a.b[1] == 2 && 1 in [1, 2] && !(3 in [1, 2]) && 1 in {1: true}',
    '{dyn(1): "a", true: "b"}[dyn(true)] == "b"',
  ],
  comprehensions: [
    '[1, 2, 3].all(i, i > 0) && [1, 2].exists(i, i == 2) && [1, 2, 2].exists_one(i, i == 1)',
    '[1, 2, 3].map(i, i * 2) == [2, 4, 6] && [1, 2, 3].map(i, i > 1, i * 2) == [4, 6] && [1, 2].filter(i, i > 1) == [2]',
    '{"a": 1, "b": 2}.all(k, k in ["a", "b"]) && {"a": 1}.map(k, k) == ["a"]',
    '[0, 1].exists(i, 1 / i == 1) && ![0, 1].all(i, 1 / i == 2)',
    '[[1, 2], [3]].all(i, i.all(j, j > 0)) && [1].all(x, x == 1)',
    '[1, 2].all(i, v, v == i + 1) && {"a": 1}.exists(k, v, k == "a" && v == 1) && {"a": 1}.existsOne(k, v, v == 1)',
    '[1, 2].transformList(i, v, i + v) == [1, 3] && [1, 2].transformList(i, v, i > 0, v) == [2]',
    '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2} && ["a"].transformMapEntry(i, v, {v: i}) == {"a": 0}',
  ],
  optionals: [
    'x.?a.value() == 1 && !x.?b.hasValue() && x.?b.orValue(3) == 3 && x.?b.or(optional.of(4)).value() == 4',
    'x.?b.c.d.orValue(1) == 1 && x[?"a"].hasValue() && ![1][?1].hasValue() && {"k": {}}.?k.?l == optional.none()',
    'optional.ofNonZeroValue("") == optional.none() && optional.of(1).optMap(v, v + 1).value() == 2',
    'optional.of(1).optFlatMap(v, optional.of(v + 1)).value() == 2 && optional.none() == optional.none()',
    '[?x.?a, ?x.?b] == [1] && {?"a": x.?a, ?"b": x.?b} == {"a": 1}',
    '!has(x.?b.c)',
    '[optional.of(1), optional.none()].unwrapOpt() == [1] && optional.unwrap([optional.of(2)]) == [2]',
    '[1, 2].first().value() == 1 && [1, 2].last() == optional.of(2) && ![].first().hasValue()',
  ],
  types: [
    'type(1) == int && type("") == string && type([]) == list && type(type(1)) == type && type(null) == null_type',
    'type(timestamp("2020-01-01T00:00:00Z")) == google.protobuf.Timestamp && type(x) == map',
  ],
  conversions: [
    'int("12") == 12 && int(1.9) == 1 && uint(3) == 3u && double("1.5") == 1.5 && string(1.5) == "1.5"',
    'bool("true") && !bool("F") && string(b"abc") == "abc" && string(true) == "true"',
    'int(timestamp("1970-01-01T00:01:00Z")) == 60 && duration("1h") == duration("60m")',
    'string(duration("1h")) == "3600s" && string(timestamp("2020-01-02T03:04:05.5Z")) == "2020-01-02T03:04:05.5Z"',
    'string(1e21) == "1e+21" && string(1e20) == "1e+20" || string(1e20) == "100000000000000000000"',
  ],
  time: [
    'timestamp("2023-12-25T00:30:00Z").getHours() == 0 && timestamp("2023-12-25T00:30:00Z").getHours("Europe/Berlin") == 1',
    'timestamp("2023-12-25T00:30:00Z").getDate("-01:00") == 24 && timestamp("2023-12-25T00:30:00Z").getDayOfWeek() == 1',
    'timestamp("2023-01-01T00:00:00Z").getDayOfYear() == 0 && duration("90m").getHours() == 1 && duration("1.5s").getMilliseconds() == 1500',
    'timestamp("2023-01-02T00:00:00Z") - timestamp("2023-01-01T00:00:00Z") == duration("24h")',
    'timestamp("2023-01-01T00:00:00Z") + duration("1h") > timestamp("2023-01-01T00:00:00Z")',
  ],
};

for (const [area, texts] of Object.entries(TRUE)) {
  test(`CelEnvironment evaluates ${area} as the specification says`, () => {
    for (const text of texts) assert.equal(evaluate(text), true, text);
  });
}

const FAILING: readonly (readonly [string, RegExp])[] = [
  ['1 / 0', /^division by zero$/],
  ['1 % 0', /^modulus by zero$/],
  ['9223372036854775807 + 1', /^integer overflow$/],
  ['0u - 1u', /^unsigned integer overflow$/],
  ['x.b', /^no such key: b$/],
  ['{"a": 1}["b"]', /^no such key: b$/],
  ['[1][1]', /^index out of bounds: 1$/],
  ['dyn(1) + dyn("a")', /^no such overload$/],
  ['true && dyn(1)', /^no such overload$/],
  ['[0, 1].all(i, 1 / i == 1)', /^division by zero$/],
  ['optional.none().value()', /^optional.none\(\) dereference$/],
  ['int("a")', /type conversion error/],
  ['timestamp("2023-13-01T" + "00:00:00Z")', /Timestamp/],
  ['{"a": 1, "a": 2}', /already exists/],
];

test('CelProgram.evaluate has no value where the specification has none', () => {
  for (const [text, message] of FAILING) {
    assert.throws(
      () => evaluate(text),
      (error) => error instanceof CelError && message.test(error.message),
      text,
    );
  }
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /Syntax error/],
  ['1 +', /Syntax error: mismatched input '<EOF>'/],
  ['a.b c', /Syntax error/],
  ['unknown', /undeclared reference to 'unknown' \(in container ''\)/],
  ['n.foo', /type 'int' does not support field selection/],
  ['n + s', /found no matching overload for '_\+_' applied to '\(int, string\)'/],
  ['s.nope()', /undeclared reference to 'nope'/],
  ['s.startsWith(1)', /found no matching overload for 'startsWith' applied to 'string\.\(int\)'/],
  ['n && true', /found no matching overload for '_&&_' applied to '\(int, bool\)'/],
  ['n.all(i, true)', /cannot be range of a comprehension/],
  ['9223372036854775808', /invalid int literal/],
  ['"\\ud800"', /escape/],
  ['[1, "a"]', /expected type 'int' but found 'string'/],
  ['{1: "a", "b": "c"}', /expected type 'int' but found 'string'/],
  ['package + 1', /reserved identifier: package/],
  ['duration("1x")', /invalid duration argument/],
  ['timestamp("today")', /invalid timestamp argument/],
  ['s.matches("(")', /invalid matches argument/],
  ['has(n)', /invalid argument to has\(\) macro/],
  ['"unterminated', /token recognition error/],
  ['[1].map(i.j, 1)', /must be a simple name/],
];

test('CelEnvironment.compile refuses what is no expression, and says where', () => {
  for (const [text, message] of REFUSED) {
    assert.throws(
      () => ENVIRONMENT.compile(text),
      (error) =>
        error instanceof CelCompileError &&
        message.test(error.message) &&
        /^ERROR: <input>:1:\d+: /.test(error.message),
      text,
    );
  }
  assert.throws(() => ENVIRONMENT.compile('n', BOOL), /expected bool, found int/);
});

test('compileErrorAt points at the place', () => {
  assert.throws(() => ENVIRONMENT.compile('n +\n  nope'), {
    message: "ERROR: <input>:2:3: undeclared reference to 'nope' (in container '')\n |   nope\n | ..^",
  });
});

test('CelBudget ends an evaluation that costs too much, and nothing absorbs that', () => {
  const nested = '[1,2,3,4,5,6,7,8,9,10]';
  const text = `true || ${nested}.all(a, ${nested}.all(b, ${nested}.all(c, a + b + c > 0)))`;
  assert.equal(evaluate(text, 100), true);
  assert.throws(() => evaluate(text.slice('true || '.length), 1000), CelCostError);
  assert.throws(() => evaluate(`${text.slice('true || '.length)} || true`, 1000), CelCostError);
});

test('celEquals holds for a value with itself however deep', () => {
  assert.ok(
    celEquals(
      evaluate('[{"a": [dyn(1), dyn(2.5), dyn(b"x"), dyn(duration("1s"))]}]'),
      evaluate('[{"a": [dyn(1), dyn(2.5), dyn(b"x"), dyn(duration("1s"))]}]'),
    ),
  );
});
