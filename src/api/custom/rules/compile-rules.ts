/** The rules of a schema node, `x-kubernetes-validations`, as programs. @see apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go */
import { CelCompileError } from '../../cel/cel-error.ts';
import { BOOL, type CelType, STRING } from '../../cel/cel-type.ts';
import { type CompileBudget, TOO_MUCH_TEXT } from '../../cel/compile-budget.ts';
import { CelEnvironment, type CelProgram } from '../../cel/environment.ts';
import type { JSONSchemaProps, ValidationRule } from '../../generated/apiextensions-v1.ts';
import { itemsOf } from '../prune.ts';
import { isResourceSchema, schemaType } from './schema-type.ts';

export interface CompiledRule {
  readonly source: ValidationRule;
  /** Absent when `problem` says why. */
  readonly program: CelProgram | undefined;
  readonly problem: string | undefined;
  readonly message: CelProgram | undefined;
  readonly messageProblem: string | undefined;
  /** A rule about a change, judged only where there is an old value. */
  readonly usesOldSelf: boolean;
}

/** A node of a schema, of those in or below which there are rules. */
export interface RuleNode {
  readonly schema: JSONSchemaProps;
  readonly isResource: boolean;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  /** Of a list. */
  readonly items: RuleNode | undefined;
  /** Of a map. */
  readonly values: RuleNode | undefined;
}

/** `undefined` for a schema without rules. @param budget  absent for a schema that has been checked */
export function newRuleTree(
  schema: JSONSchemaProps | undefined,
  isResource: boolean,
  budget?: CompileBudget,
): RuleNode | undefined {
  if (schema === undefined) return undefined;
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = newRuleTree(property, isResourceSchema(property), budget);
    if (node !== undefined) properties.set(name, node);
  }
  const itemSchema = schema.items === undefined ? undefined : itemsOf(schema);
  const items = newRuleTree(itemSchema, itemSchema !== undefined && isResourceSchema(itemSchema), budget);
  const valueSchema =
    typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const values = newRuleTree(valueSchema, valueSchema !== undefined && isResourceSchema(valueSchema), budget);
  const rules = compileRules(schema, isResource, budget);
  const isEmpty = rules.length === 0 && properties.size === 0 && items === undefined && values === undefined;
  return isEmpty ? undefined : { schema, isResource, rules, properties, items, values };
}

/** Those of the node itself, also where they stand in an `allOf`. */
export function rulesOf(schema: JSONSchemaProps): ValidationRule[] {
  const nested = (schema.allOf ?? []).flatMap((part) => part['x-kubernetes-validations'] ?? []);
  return [...(schema['x-kubernetes-validations'] ?? []), ...nested];
}

export function compileRules(
  schema: JSONSchemaProps,
  isResource: boolean,
  budget?: CompileBudget,
): CompiledRule[] {
  const sources = rulesOf(schema);
  if (sources.length === 0) return [];
  const self = schemaType(schema, isResource)?.type;
  if (self === undefined) {
    const problem = `rule declared on schema that does not support validation rules type: '${schema.type ?? ''}' x-kubernetes-preserve-unknown-fields: '${schema['x-kubernetes-preserve-unknown-fields'] === true}'`;
    return sources.map((source) => ({ ...NO_PROGRAMS, source, problem }));
  }
  return sources.map((source) => {
    const mayCompile = budget?.take(source.rule + (source.messageExpression ?? '')) ?? true;
    return mayCompile ? compileRule(source, self) : { ...NO_PROGRAMS, source, problem: TOO_MUCH_TEXT };
  });
}

const NO_PROGRAMS = {
  program: undefined,
  problem: undefined,
  message: undefined,
  messageProblem: undefined,
  usesOldSelf: false,
};

function compileRule(source: ValidationRule, self: CelType): CompiledRule {
  const oldSelf: CelType = source.optionalOldSelf === true ? { kind: 'optional', item: self } : self;
  const environment = new CelEnvironment({ self, oldSelf });
  const rule = compile(environment, source.rule, BOOL);
  const message = source.messageExpression
    ? compile(new CelEnvironment({ self, oldSelf: self }), source.messageExpression, STRING)
    : { program: undefined, problem: undefined };
  return {
    source,
    ...rule,
    message: message.program,
    messageProblem: message.problem,
    usesOldSelf: rule.program?.variables.has('oldSelf') ?? false,
  };
}

type Compilation = Pick<CompiledRule, 'program' | 'problem'>;

const WRONG_TYPE = {
  bool: 'cel expression must evaluate to a bool',
  string: 'messageExpression must evaluate to a string',
};

function compile(environment: CelEnvironment, text: string, wanted: CelType): Compilation {
  if (text.trim() === '') return { program: undefined, problem: undefined };
  try {
    const program = environment.compile(text);
    if (program.type.kind === wanted.kind) return { program, problem: undefined };
    return { program: undefined, problem: WRONG_TYPE[wanted.kind as keyof typeof WRONG_TYPE] };
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error;
    const what = wanted.kind === 'string' ? 'messageExpression compilation failed' : 'compilation failed';
    return { program: undefined, problem: `${what}: ${error.message}` };
  }
}
