/** What makes a list unfit for server-side apply: items that cannot be told apart. @see structured-merge-diff/typed/helpers.go */
import { isJsonObject, type JsonValue } from '../json.ts';
import { type ApplyType, type ListApplyType, typeFor } from './apply-type.ts';
import { formatElement } from './path-element.ts';
import { elementOf, itemsOf } from './typed-value.ts';

/** The first problem, as `.spec.containers: duplicate entries for key [name="web"]`; `undefined` when there is none. */
export function findListProblem(type: ApplyType, value: JsonValue): string | undefined {
  const seen = typeFor(type, value);
  const own =
    seen.kind === 'list' && seen.listType !== 'atomic' ? listProblem(seen, value as JsonValue[]) : undefined;
  if (own !== undefined) return `: ${own}`;
  for (const item of itemsOf(type, value) ?? []) {
    const problem = findListProblem(item.type, item.value);
    if (problem !== undefined) return formatElement(item.element) + problem;
  }
  return undefined;
}

function listProblem(type: ListApplyType, items: readonly JsonValue[]): string | undefined {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const missing = type.listType === 'map' ? missingKey(type, item) : undefined;
    if (missing !== undefined) {
      return `element ${index}: associative list with keys has an element that omits key field ${JSON.stringify(missing)} (and doesn't have default value)`;
    }
    const element = elementOf(type, item);
    if (seen.has(element)) return `duplicate entries for key ${formatElement(element)}`;
    seen.add(element);
  }
  return undefined;
}

function missingKey({ keys }: ListApplyType, item: JsonValue): string | undefined {
  const isPresent = (name: string) => isJsonObject(item) && item[name] !== undefined;
  return keys.find(({ name, default: fallback }) => fallback === undefined && !isPresent(name))?.name;
}
