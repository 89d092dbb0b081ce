/**
 * The JSONPath that CustomResourceDefinitions may use: fields, indexes, wildcards and filters by equality.
 * `.spec.size`, `.status.conditions[?(@.type=="Ready")].status`, `.spec.hosts[*]`, `.metadata.annotations['a/b']`.
 *
 * @see k8s.io/client-go/util/jsonpath
 */
import { isJsonObject, type JsonValue } from '../json.ts';

type Step = (values: readonly JsonValue[]) => JsonValue[];

const compiled = new Map<string, readonly Step[] | undefined>();
/** Compiled paths that are kept. */
const COMPILED_MAX = 4096;

/** What `path` finds, in order; empty when it finds nothing or cannot be read. */
export function findByJsonPath(value: JsonValue, path: string): JsonValue[] {
  let found: JsonValue[] = [value];
  for (const step of stepsOf(path) ?? [() => []]) found = step(found);
  return found;
}

/** Whether `path` is one that can be read. */
export function isJsonPath(path: string): boolean {
  return stepsOf(path) !== undefined;
}

function stepsOf(path: string): readonly Step[] | undefined {
  if (compiled.has(path)) return compiled.get(path);
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  const steps = compile(path);
  compiled.set(path, steps);
  return steps;
}

const TOKEN =
  /^(?:\.?\*|\.([A-Za-z0-9_$-]+|(?:[^.[\]\\]|\\.)+)|\[\*\]|\[(-?\d+)\]|\[['"]([^'"]+)['"]\]|\[\?\(@\.([^=!<>\s]+)\s*==\s*(.+?)\)\])/;

function compile(path: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
  while (rest !== '' && rest !== '.') {
    const match = TOKEN.exec(rest);
    if (match === null) return undefined;
    const [text, field, index, quoted, filterPath, literal] = match;
    if (field !== undefined) steps.push(fieldStep(field.replaceAll(/\\(.)/g, '$1')));
    else if (index !== undefined) steps.push(indexStep(Number(index)));
    else if (quoted !== undefined) steps.push(fieldStep(quoted));
    else if (filterPath !== undefined) steps.push(filterStep(`.${filterPath}`, parseLiteral(literal!)));
    else steps.push(everyStep);
    rest = rest.slice(text.length);
  }
  return steps;
}

const fieldStep = (name: string): Step => {
  return (values) =>
    values.flatMap((value) => (isJsonObject(value) && Object.hasOwn(value, name) ? [value[name]!] : []));
};

const indexStep = (index: number): Step => {
  return (values) =>
    values.flatMap((value) => (Array.isArray(value) ? (value.slice(index).slice(0, 1) as JsonValue[]) : []));
};

const everyStep: Step = (values) =>
  values.flatMap((value) => (Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : []));

const filterStep = (path: string, literal: JsonValue): Step => {
  const isWanted = (item: JsonValue) => findByJsonPath(item, path)[0] === literal;
  return (values) => values.flatMap((value) => (Array.isArray(value) ? value.filter(isWanted) : []));
};

function parseLiteral(text: string): JsonValue {
  const quoted = /^(['"])(.*)\1$/.exec(text.trim());
  if (quoted !== null) return quoted[2]!;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
