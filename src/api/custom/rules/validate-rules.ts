/**
 * Judges a custom object by the rules of its schema. What has not changed is not judged anew (ratcheting): there a broken
 * rule is a warning, unless the rule is about the change.
 *
 * @see apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go
 */
import { CEL_LIMITS, CelBudget } from '../../cel/budget.ts';
import { CelCostError, CelError } from '../../cel/cel-error.ts';
import type { CelProgram } from '../../cel/environment.ts';
import { CelOptional, type CelValue } from '../../cel/value.ts';
import type { ValidationRule } from '../../generated/apiextensions-v1.ts';
import { equalJson, isJsonObject, type JsonValue } from '../../json.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../../validation/field-error.ts';
import type { CompiledRule, RuleNode } from './compile-rules.ts';
import { toSchemaValue } from './schema-value.ts';

export interface RuleVerdict {
  readonly errors: FieldError[];
  /** What would be an error if it were new. */
  readonly warnings: string[];
}

/** @param old  the object that `value` replaces; `undefined` on creation */
export function validateRules(root: RuleNode, value: JsonValue, old: JsonValue | undefined): RuleVerdict {
  const judge = new RuleJudge();
  judge.visit(root, { value, old, path: '', isUnchanged: () => old !== undefined && equalJson(value, old) });
  return judge;
}

interface Place {
  value: JsonValue;
  /** What was there, where the schema says what corresponds to what. */
  old: JsonValue | undefined;
  path: string;
  /** Whether this, or the nearest around it that can be compared, is as it was. */
  isUnchanged: () => boolean;
}

class RuleJudge implements RuleVerdict {
  readonly errors: FieldError[] = [];
  readonly warnings: string[] = [];
  #left: number = CEL_LIMITS.perRequest;

  visit(node: RuleNode, place: Place): void {
    if (this.#left < 0 || place.value === null) return;
    this.#judge(node, place);
    if (Array.isArray(place.value)) this.#visitItems(node, place, place.value);
    else if (isJsonObject(place.value)) this.#visitFields(node, place, place.value);
  }

  #visitItems({ items, schema }: RuleNode, place: Place, list: readonly JsonValue[]): void {
    if (items === undefined) return;
    const keys =
      schema['x-kubernetes-list-type'] === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
    const find = oldItemsByKey(place.old, keys);
    for (const [index, value] of list.entries()) {
      this.visit(items, inside(place, value, { old: find(value), path: `${place.path}[${index}]` }));
    }
  }

  #visitFields(node: RuleNode, place: Place, object: Readonly<Record<string, JsonValue>>): void {
    const { properties, values, schema } = node;
    const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
    const before = !isAtomic && isJsonObject(place.old) ? place.old : {};
    for (const [field, value] of Object.entries(object)) {
      const child = values ?? properties.get(field);
      if (child === undefined) continue;
      const path = values === undefined ? joined(place.path, field) : `${place.path}[${field}]`;
      const old = Object.hasOwn(before, field) ? before[field] : undefined;
      this.visit(child, inside(place, value, { old, path }));
    }
  }

  #judge({ rules, schema, isResource }: RuleNode, place: Place): void {
    if (rules.length === 0) return;
    const type = schema.type ?? '';
    const fail = (detail: string) => this.errors.push(invalid(shown(place.path), type, detail));
    if (this.#left <= 0) {
      fail(OUT_OF_BUDGET);
      this.#left = -1;
      return;
    }
    let values: readonly [CelValue, CelValue | undefined];
    try {
      const old = place.old ?? undefined;
      const self = toSchemaValue(place.value, schema, isResource);
      values = [self, old === undefined ? undefined : toSchemaValue(old, schema, isResource)];
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      fail(error.message);
      return;
    }
    for (const rule of rules) {
      if (this.#left < 0) return;
      this.#judgeRule(rule, { place, values, type });
    }
  }

  #judgeRule(rule: CompiledRule, about: RuleInput): void {
    const { source, program } = rule;
    const [self, oldSelf] = about.values;
    const isOptional = source.optionalOldSelf === true;
    if (program === undefined) {
      if (rule.problem !== undefined) this.#fail(about, `rule compile error: ${rule.problem}`);
      return;
    }
    if (rule.usesOldSelf && oldSelf === undefined && !isOptional) return;
    const verdict = this.#evaluate(program, [self, isOptional ? new CelOptional(oldSelf) : oldSelf]);
    if (verdict instanceof CelError) this.#fail(about, explain(verdict, source));
    else if (verdict === undefined) this.#fail(about, OUT_OF_BUDGET);
    else if (verdict instanceof CelCostError) {
      const why = `'${verdict.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(source)}`;
      this.#fail(about, why);
    } else if (verdict !== true) this.#report(rule, about);
  }

  #fail({ place, type }: RuleInput, detail: string): void {
    this.errors.push(invalid(shown(place.path), type, detail));
  }

  #report(rule: CompiledRule, { place, values, type }: RuleInput): void {
    const { source } = rule;
    const path = source.fieldPath ? place.path + normalizedPath(source.fieldPath, place.path) : place.path;
    const detail = this.#messageOf(rule, values) ?? messageOrDefault(source);
    const error = errorFor(source.reason, { field: shown(path), value: type, detail });
    if (!rule.usesOldSelf && place.isUnchanged()) this.warnings.push(`${error.field}: ${error.message}`);
    else this.errors.push(error);
  }

  #messageOf({ message }: CompiledRule, values: RuleInput['values']): string | undefined {
    if (message === undefined) return undefined;
    const value = this.#evaluate(message, values);
    if (value === undefined) return OUT_OF_BUDGET_MESSAGE;
    if (typeof value !== 'string') return undefined;
    const text = value.trim();
    const isUsable = text !== '' && text.length <= CEL_LIMITS.messageExpressionLength && !text.includes('\n');
    return isUsable ? text : undefined;
  }

  /** What is left of the budget is less afterwards, and negative when nothing more may be run. */
  #evaluate(program: CelProgram, values: readonly (CelValue | undefined)[]): Outcome {
    const budget = new CelBudget(Math.min(CEL_LIMITS.perCall, this.#left + 1));
    let outcome: Outcome;
    try {
      outcome = program.evaluate(values, budget);
    } catch (error) {
      if (!(error instanceof CelError || error instanceof CelCostError)) throw error;
      outcome = error;
    }
    const isOverAll = budget.used > this.#left;
    this.#left = isOverAll || outcome instanceof CelCostError ? -1 : this.#left - budget.used;
    return isOverAll ? undefined : outcome;
  }
}

/** `undefined` when all that may be spent is spent. */
type Outcome = CelValue | CelError | CelCostError | undefined;

interface RuleInput {
  place: Place;
  values: readonly [CelValue, CelValue | undefined];
  /** Of the schema: what messages show in place of the value. */
  type: string;
}

const OUT_OF_BUDGET =
  'validation failed due to running out of cost budget, no further validation rules will be run';
const OUT_OF_BUDGET_MESSAGE =
  'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run';

function inside(around: Place, value: JsonValue, { old, path }: Pick<Place, 'old' | 'path'>): Place {
  const isUnchanged = old === undefined ? around.isUnchanged : () => equalJson(value, old);
  return { value, old, path, isUnchanged };
}

function oldItemsByKey(
  old: JsonValue | undefined,
  keys: readonly string[] | undefined,
): (item: JsonValue) => JsonValue | undefined {
  if (keys === undefined || !Array.isArray(old)) return () => undefined;
  const identity = (item: JsonValue) =>
    isJsonObject(item) ? JSON.stringify(keys.map((key) => item[key] ?? null)) : undefined;
  const items = new Map(old.map((item) => [identity(item), item]));
  return (item) => items.get(identity(item));
}

function joined(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

function shown(path: string): string {
  return path === '' ? '<nil>' : path;
}

/** `.spec['a.b'].c` → `.spec[a.b].c`; at the root without its first dot. */
function normalizedPath(fieldPath: string, around: string): string {
  const path = fieldPath.trim().replaceAll(/\['((?:[^'\\]|\\.)*)'\]/g, '.$1');
  return around === '' ? path.replace(/^\./, '') : path;
}

function nameOf({ message, rule }: ValidationRule): string {
  return (message || rule).trim();
}

function messageOrDefault(source: ValidationRule): string {
  return source.message ? source.message.trim() : `failed rule: ${nameOf(source)}`;
}

function explain({ message }: CelError, source: ValidationRule): string {
  return message.startsWith('no such overload')
    ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(source)}`
    : `${message} evaluating rule: ${nameOf(source)}`;
}

function errorFor(
  reason: string | undefined,
  { field, value, detail }: { field: string; value: string; detail: string },
): FieldError {
  if (reason === 'FieldValueForbidden') return forbidden(field, detail);
  if (reason === 'FieldValueRequired') return required(field, detail);
  return reason === 'FieldValueDuplicate' ? duplicate(field, value) : invalid(field, value, detail);
}
