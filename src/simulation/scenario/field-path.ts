/**
 * Where a field is in an object: `spec.nodeName`, `status.containerStatuses[0].ready`, `status.conditions[type=Ready].status`,
 * `endpoints[targetRef.name=web-1].conditions.ready`, `metadata.annotations["deployment.kubernetes.io/revision"]`.
 */
import { isJsonObject, type JsonValue } from '../../api/json.ts';
import type { Field, Schema } from '../../api/schema.ts';
import { suggestion } from './closest.ts';

export type FieldPath = readonly FieldStep[];

type FieldStep =
  | { field: string }
  | { index: number }
  /** The first item in which the field at `path` is `value`, as text. */
  | { path: readonly string[]; value: string };

const STEP = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["([^"]+)"\]|\[([\w.$-]+)=([^\]]+)\]/y;

/** `undefined`: the text is no path. */
export function parseFieldPath(text: string): FieldPath | undefined {
  const steps: FieldStep[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    if (steps.length === 0 && text.startsWith('.')) return undefined;
    const match = STEP.exec(text);
    if (match === null) return undefined;
    const [, field, index, key, path, value] = match;
    if (path !== undefined) steps.push({ path: path.split('.'), value: value! });
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ field: (field ?? key)! });
  }
  return steps.length === 0 ? undefined : steps;
}

/** `undefined` where there is none. */
export function fieldAt(object: unknown, path: FieldPath): JsonValue | undefined {
  let value = object as JsonValue | undefined;
  for (const step of path) value = stepInto(value, step);
  return value;
}

function stepInto(value: JsonValue | undefined, step: FieldStep): JsonValue | undefined {
  if ('field' in step) return isJsonObject(value) ? value[step.field] : undefined;
  if (!Array.isArray(value)) return undefined;
  if ('index' in step) return value[step.index];
  return value.find((item) => {
    const found = fieldAt(
      item,
      step.path.map((field) => ({ field })),
    );
    return found !== undefined && (typeof found === 'string' ? found : JSON.stringify(found)) === step.value;
  });
}

/** What is wrong with `path` in objects of `schema`; `undefined` when such a field can exist. */
export function fieldPathProblem(schema: Schema, path: FieldPath): string | undefined {
  let at: { schema: Schema | undefined; shape: Field['shape']; isOpen: boolean } = {
    schema,
    shape: 'one',
    isOpen: false,
  };
  const said: string[] = [];
  for (const step of path) {
    const known: Schema | undefined = at.schema;
    if (at.isOpen || known?.forms !== undefined) return undefined;
    const where = said.length === 0 ? schema.shortName : said.join('.');
    if (!('field' in step)) {
      if (at.shape !== 'list') return `${where} is no list`;
      at = { ...at, shape: 'one' };
      continue;
    }
    if (at.shape === 'list') return `${where} is a list: say which item, as [0] or [name=x]`;
    if (at.shape === 'map') {
      at = { ...at, shape: 'one' };
      said.push(step.field);
      continue;
    }
    const field = known?.fields.get(step.field);
    if (field === undefined) {
      return `${where} has no field "${step.field}"${suggestion(step.field, known?.fields.keys() ?? [])}`;
    }
    said.push(step.field);
    at = { schema: field.schema, shape: field.shape, isOpen: OPEN.has(field.scalar ?? '') };
  }
  return undefined;
}

/** Anything may be within. */
const OPEN = new Set(['raw', 'json', 'fields']);
