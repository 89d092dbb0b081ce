/** Conditions on an object, or on every object that a pattern means: that it exists, and what its fields are. */
import { equalJson, isJsonObject, type JsonValue } from '../../api/json.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { schemaForKind } from '../../api/schema.ts';
import { formatObjectRef, storedUnder } from '../object-ref.ts';
import { type Comparison, comparison } from './comparison.ts';
import type { Answer, Condition } from './condition.ts';
import { type FieldPath, fieldAt, fieldPathProblem, parseFieldPath } from './field-path.ts';
import { type ObjectPattern, objectPattern } from './object-pattern.ts';
import { boolean, fields, json, mapOf, optional, placeIn, type Read, regex, ScenarioError } from './read.ts';

/** What a field should be. */
interface Matcher {
  text: string;
  matches(value: JsonValue | undefined): boolean;
}

interface FieldCheck {
  path: FieldPath;
  text: string;
  matcher: Matcher;
}

const SHAPE = fields({
  object: objectPattern,
  exists: optional(boolean),
  count: optional(comparison),
  fields: optional(mapOf(json)),
});

/** The fields of an expectation on objects. */
export const OBJECT_FIELDS = ['object', 'exists', 'count', 'fields'] as const;

export const objectCondition: Read<Condition> = (value, place) => {
  const { object, exists, count, fields: checks } = SHAPE(value, place);
  if ([exists, count, checks].filter((said) => said !== undefined).length === 0) {
    throw new ScenarioError(place, 'says nothing of the object: add "fields", "exists" or "count"');
  }
  if (count !== undefined) {
    if (exists === undefined && checks === undefined) return newCount(object, count);
    throw new ScenarioError(place, 'count goes without fields and exists');
  }
  if (exists === false && checks !== undefined) {
    throw new ScenarioError(place, 'an object that does not exist has no fields');
  }
  if (exists === false) return newAbsence(object);
  const read = [...(checks ?? [])].map(([path, matcher]) =>
    parseCheck(object.row, { path, matcher, place: placeIn(place, 'fields') }),
  );
  return newPresence(object, read);
};

function parseCheck(
  row: ResourceRow,
  { path, matcher, place }: { path: string; matcher: JsonValue; place: string },
): FieldCheck {
  const parsed = parseFieldPath(path);
  const at = `${place}[${JSON.stringify(path)}]`;
  if (parsed === undefined)
    throw new ScenarioError(at, 'is no path of fields, such as spec.containers[0].image');
  const schema = schemaForKind(row);
  const problem = schema && fieldPathProblem(schema, parsed);
  if (problem !== undefined) throw new ScenarioError(at, problem);
  return { path: parsed, text: path, matcher: parseMatcher(matcher, at) };
}

const SPECIAL = fields({
  matches: optional(regex),
  is: optional(comparison),
  absent: optional(boolean),
  equals: optional(json),
});
const SPECIAL_NAMES = new Set(['matches', 'is', 'absent', 'equals']);

/** A plain value is equal to; an object says how. */
function parseMatcher(value: JsonValue, place: string): Matcher {
  if (!isJsonObject(value)) return newEquality(value);
  const names = Object.keys(value);
  if (names.length !== 1 || !SPECIAL_NAMES.has(names[0]!)) {
    throw new ScenarioError(
      place,
      `must be a value, or one of matches, is, absent, equals; not ${JSON.stringify(value)}`,
    );
  }
  const { matches, is, absent, equals } = SPECIAL(value, place);
  if (matches !== undefined) {
    return {
      text: `matches ${matches}`,
      matches: (actual) => actual !== undefined && matches.test(toText(actual)),
    };
  }
  if (is !== undefined) {
    return { text: `is ${is.text}`, matches: (actual) => typeof actual === 'number' && is.holds(actual) };
  }
  if (absent !== undefined) {
    return {
      text: absent ? 'is absent' : 'is there',
      matches: (actual) => (actual === undefined) === absent,
    };
  }
  return newEquality(equals as JsonValue);
}

function newEquality(expected: JsonValue): Matcher {
  return {
    text: `is ${JSON.stringify(expected)}`,
    matches: (actual) => actual !== undefined && equalJson(actual, expected),
  };
}

function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function newAbsence(pattern: ObjectPattern): Condition {
  return {
    expected: `there is no ${pattern.text}`,
    concerns: concernsKindOf(pattern),
    evaluate({ objects }) {
      const found = objects.find(pattern);
      return {
        holds: found.length === 0,
        actual: `there is ${found.map((object) => nameOf(pattern, object)).join(', ')}`,
      };
    },
  };
}

function newCount(pattern: ObjectPattern, count: Comparison): Condition {
  return {
    expected: `${pattern.text}: ${count.text} of them`,
    concerns: concernsKindOf(pattern),
    evaluate({ objects }) {
      const { length } = objects.find(pattern);
      return { holds: count.holds(length), actual: String(length) };
    },
  };
}

function newPresence(pattern: ObjectPattern, checks: readonly FieldCheck[]): Condition {
  const wanted = checks.map(({ text, matcher }) => `${text} ${matcher.text}`).join(', ');
  return {
    expected: wanted === '' ? `there is ${pattern.text}` : `${pattern.text}: ${wanted}`,
    concerns: concernsKindOf(pattern),
    evaluate({ objects }) {
      const found = objects.find(pattern);
      if (found.length === 0) return { holds: false, actual: `there is no ${pattern.text}` };
      return judge(pattern, found, checks);
    },
  };
}

function judge(pattern: ObjectPattern, found: readonly KubeObject[], checks: readonly FieldCheck[]): Answer {
  for (const object of found) {
    const wrong = checks.filter(({ path, matcher }) => !matcher.matches(fieldAt(object, path)));
    if (wrong.length === 0) continue;
    const values = wrong.map(({ text, path }) => `${text} is ${show(fieldAt(object, path))}`);
    return { holds: false, actual: `${nameOf(pattern, object)}: ${values.join(', ')}` };
  }
  return { holds: true, actual: `${pattern.text} is so` };
}

function show(value: JsonValue | undefined): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

function nameOf({ row, namespace }: ObjectPattern, { metadata }: KubeObject): string {
  return formatObjectRef({ row, namespace, name: metadata.name });
}

function concernsKindOf(pattern: ObjectPattern): (row: ResourceRow) => boolean {
  const where = storedUnder(pattern.row);
  return (row) => storedUnder(row) === where;
}
