/**
 * Validation of lists, sets and maps that have a maximum; one that is longer is judged no further.
 * @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateSlice, validateSet, validateMap
 */
import { duplicate, errorsOfEach, type FieldError, tooMany } from './field-error.ts';

type ItemRule<T> = (item: T, field: string) => FieldError[];

export function validateList<T>(
  items: readonly T[],
  max: number,
  field: string,
  errorsOf: ItemRule<T>,
): FieldError[] {
  if (items.length > max) return [tooMany(field, items.length, max)];
  return errorsOfEach(items, (item, index) => errorsOf(item, `${field}[${index}]`));
}

/** Repeated keys are told after what is wrong with the items. */
export function validateSet<T>(
  items: readonly T[],
  max: number,
  field: string,
  { keyOf, errorsOf }: { keyOf: (item: T) => string; errorsOf: ItemRule<T> },
): FieldError[] {
  const errors = validateList(items, max, field, errorsOf);
  return items.length > max ? errors : [...errors, ...validateUnique(items.map(keyOf), field)];
}

export function validateUnique(keys: readonly string[], field: string): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(keys, (key, index) => {
    if (seen.has(key)) return [duplicate(`${field}[${index}]`, key)];
    seen.add(key);
    return [];
  });
}

interface MapRules<T> {
  /** Is given the field of the whole map. */
  errorsOfKey: ItemRule<string>;
  errorsOf: ItemRule<T>;
  /** Keys longer than that are shown without their middle. */
  shownKeyMax: number;
}

export function validateMap<T>(
  map: Readonly<Record<string, T>>,
  max: number,
  field: string,
  { errorsOfKey, errorsOf, shownKeyMax }: MapRules<T>,
): FieldError[] {
  const entries = Object.entries(map);
  if (entries.length > max) return [tooMany(field, entries.length, max)];
  return errorsOfEach(entries, ([key, value]) => [
    ...errorsOfKey(key, field),
    ...errorsOf(value, `${field}[${withoutMiddle(key, shownKeyMax)}]`),
  ]);
}

function withoutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const shown = max - '...'.length;
  return `${text.slice(0, Math.ceil(shown / 2))}...${text.slice(text.length - Math.floor(shown / 2))}`;
}
