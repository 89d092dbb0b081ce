/**
 * What is wrong with the rules of a definition: their text, their types, and what they would cost on the largest objects.
 *
 * @see apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go ValidateCustomResourceDefinitionOpenAPISchema
 */
import { CEL_LIMITS } from '../../cel/budget.ts';
import { SIZE_MAX } from '../../cel/cel-type.ts';
import type { CompileBudget } from '../../cel/compile-budget.ts';
import type { JSONSchemaProps, ValidationRule } from '../../generated/apiextensions-v1.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  untilMany,
} from '../../validation/field-error.ts';
import { itemsOf } from '../prune.ts';
import { type CompiledRule, compileRules, newRuleTree, rulesOf } from './compile-rules.ts';
import { isResourceSchema, schemaType } from './schema-type.ts';
import { validateRules } from './validate-rules.ts';

const REASONS = ['FieldValueRequired', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueDuplicate'];
/** How many of the most expensive rules are named when all together cost too much. */
const NAMED_MAX = 4;

/**
 * @param path  of the schema: `spec.versions[0].schema.openAPIV3Schema`
 * @param budget  shared by the versions of a definition
 */
export function ruleErrors(schema: JSONSchemaProps, path: string, budget: CompileBudget): FieldError[] {
  const checker = new RuleChecker(budget);
  checker.visit(schema, { path, isResource: true, times: 1, uncorrelatable: undefined });
  return [...checker.errors, ...checker.totalErrors(path)];
}

interface Place {
  path: string;
  isResource: boolean;
  /** How often there can be a value of this schema in one object; `undefined` where nothing bounds it. */
  times: number | undefined;
  /** The list or map around it whose items cannot be compared with older ones. */
  uncorrelatable: string | undefined;
}

class RuleChecker {
  readonly errors: FieldError[] = [];
  readonly #costs: { path: string; cost: number }[] = [];
  readonly #budget: CompileBudget;

  constructor(budget: CompileBudget) {
    this.#budget = budget;
  }

  visit(schema: JSONSchemaProps, place: Place): void {
    if (rulesOf(schema).length > 0) this.#check(schema, place);
    this.#visitParts(schema, place);
    if (schema.default !== undefined && this.errors.length === 0) this.#checkDefault(schema, place);
  }

  /** A default that its own rules refuse would make every object invalid that leaves the field out. */
  #checkDefault(schema: JSONSchemaProps, { path, isResource }: Place): void {
    const tree = newRuleTree(schema, isResource, this.#budget);
    if (tree === undefined) return;
    for (const error of validateRules(tree, schema.default!, undefined).errors) {
      const below = error.field === '<nil>' ? '' : `.${error.field}`.replace('.[', '[');
      this.errors.push({ ...error, field: `${path}.default${below}` });
    }
  }

  totalErrors(path: string): FieldError[] {
    const total = this.#costs.reduce((sum, { cost }) => sum + cost, 0);
    if (total <= CEL_LIMITS.estimatedSchema) return [];
    const expensive = [...this.#costs].sort((a, b) => b.cost - a.cost).slice(0, NAMED_MAX);
    const contributed =
      'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...expensive
        .filter(({ cost }) => cost > CEL_LIMITS.estimatedSchema / 100)
        .map((rule) => forbidden(rule.path, contributed)),
      forbidden(path, costProblem(name, total, CEL_LIMITS.estimatedSchema)),
    ];
  }

  #visitParts(schema: JSONSchemaProps, { path, times, uncorrelatable }: Place): void {
    const { properties = {}, additionalProperties, maxProperties, maxItems } = schema;
    const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
    const inMap = isAtomic ? (uncorrelatable ?? path) : uncorrelatable;
    for (const [name, property] of Object.entries(properties)) {
      const at = `${path}.properties[${name}]`;
      this.visit(property, {
        path: at,
        isResource: isResourceSchema(property),
        times,
        uncorrelatable: inMap,
      });
    }
    if (typeof additionalProperties === 'object') {
      this.visit(additionalProperties, {
        path: `${path}.additionalProperties`,
        isResource: isResourceSchema(additionalProperties),
        times: product(times, maxProperties),
        uncorrelatable: inMap,
      });
    }
    const items = itemsOf(schema);
    if (schema.items === undefined || items === undefined) return;
    const isKeyed = schema['x-kubernetes-list-type'] === 'map';
    this.visit(items, {
      path: `${path}.items`,
      isResource: isResourceSchema(items),
      times: product(times, maxItems),
      uncorrelatable: isKeyed ? uncorrelatable : (uncorrelatable ?? path),
    });
  }

  #check(schema: JSONSchemaProps, place: Place): void {
    const type = schemaType(schema, place.isResource);
    const times = place.times ?? Math.floor(SIZE_MAX / ((type?.minBytes ?? 0) + 1));
    const rules = compileRules(schema, place.isResource, this.#budget);
    for (const [index, rule] of untilMany(this.errors, rules.entries())) {
      const path = `${place.path}.x-kubernetes-validations[${index}]`;
      this.errors.push(...textErrors(rule.source, path), ...pathErrors(rule.source, schema, path));
      this.#checkPrograms(rule, { path, times, uncorrelatable: place.uncorrelatable });
    }
  }

  #checkPrograms(rule: CompiledRule, { path, times, uncorrelatable }: RulePlace): void {
    const { source, program, message } = rule;
    if (program !== undefined)
      this.#charge(`${path}.rule`, 'estimated rule cost', program.estimatedCost * times);
    if (message !== undefined) {
      const name = 'estimated messageExpression cost';
      this.#charge(`${path}.messageExpression`, name, message.estimatedCost);
    }
    const refuse = (field: string, problem: string) =>
      this.errors.push(asRule(invalid(`${path}.${field}`, '', problem), source, problem));
    if (rule.problem !== undefined) refuse('rule', rule.problem);
    if (rule.messageProblem !== undefined) refuse('messageExpression', rule.messageProblem);
    if (!rule.usesOldSelf) {
      if (source.optionalOldSelf === true) {
        const detail = 'may not be set if oldSelf is not used in rule';
        this.errors.push(invalid(`${path}.optionalOldSelf`, true, detail));
      }
    } else if (uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
      this.errors.push(invalid(`${path}.rule`, source.rule, detail));
    }
  }

  #charge(path: string, name: string, cost: number): void {
    this.#costs.push({ path, cost });
    if (cost > CEL_LIMITS.estimatedRule) {
      this.errors.push(forbidden(path, costProblem(name, cost, CEL_LIMITS.estimatedRule)));
    }
  }
}

interface RulePlace {
  path: string;
  times: number;
  uncorrelatable: string | undefined;
}

function product(times: number | undefined, max: number | undefined): number | undefined {
  return times === undefined || max === undefined ? undefined : times * max;
}

function costProblem(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown =
    factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** Upstream shows the whole rule, as Go prints it. */
function asRule(error: FieldError, rule: ValidationRule, problem: string): FieldError {
  const text = (value = '') => JSON.stringify(value);
  const pointer = (value: unknown, type: string) =>
    `(*${type})(${value === undefined ? 'nil' : '0xc000000000'})`;
  const shown = [
    `Rule:${text(rule.rule)}`,
    `Message:${text(rule.message)}`,
    `MessageExpression:${text(rule.messageExpression)}`,
    `Reason:${pointer(rule.reason, 'apiextensions.FieldValueErrorReason')}`,
    `FieldPath:${text(rule.fieldPath)}`,
    `OptionalOldSelf:${pointer(rule.optionalOldSelf, 'bool')}`,
  ].join(', ');
  return { ...error, message: `Invalid value: apiextensions.ValidationRule{${shown}}: ${problem}` };
}

function textErrors(
  { rule, message, messageExpression, reason }: ValidationRule,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (rule.trim() === '') errors.push(required(`${path}.rule`, 'rule is not specified'));
  const at = `${path}.message`;
  if (message && message.trim() === '')
    errors.push(invalid(at, message, 'message must be non-empty if specified'));
  else if (message?.trim().includes('\n'))
    errors.push(invalid(at, message, 'message must not contain line breaks'));
  else if (!message && rule.trim().includes('\n'))
    errors.push(required(at, 'message must be specified if rule contains line breaks'));
  if (messageExpression && messageExpression.trim() === '')
    errors.push(required(`${path}.messageExpression`, 'must be non-empty if specified'));
  if (reason && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS));
  return errors;
}

function pathErrors({ fieldPath }: ValidationRule, schema: JSONSchemaProps, path: string): FieldError[] {
  if (!fieldPath) return [];
  const at = `${path}.fieldPath`;
  if (fieldPath.trim() === '') return [invalid(at, fieldPath, 'fieldPath must be non-empty if specified')];
  if (fieldPath.trim().includes('\n'))
    return [invalid(at, fieldPath, 'fieldPath must not contain line breaks')];
  const problem = fieldPathProblem(fieldPath.trim(), schema);
  return problem === undefined ? [] : [invalid(at, fieldPath, `fieldPath must be a valid path: ${problem}`)];
}

const STEP = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;

/** A chain of `.name` and `['name']` that the schema knows. */
function fieldPathProblem(fieldPath: string, root: JSONSchemaProps): string | undefined {
  let schema: JSONSchemaProps | undefined = root;
  for (let at = 0; at < fieldPath.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const step = STEP.exec(fieldPath);
    if (step === null) return `expected [ or . but got: ${fieldPath.slice(at)}`;
    const name = (step[1] ?? step[2])!;
    const { properties, additionalProperties }: JSONSchemaProps = schema;
    const next: JSONSchemaProps | undefined = Object.hasOwn(properties ?? {}, name)
      ? properties![name]
      : typeof additionalProperties === 'object'
        ? additionalProperties
        : undefined;
    if (next === undefined) return 'does not refer to a valid field';
    schema = next;
  }
  return undefined;
}
