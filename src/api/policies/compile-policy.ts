/** The expressions of an admission policy as programs; those that do not compile as problems. */
import { CelCompileError } from '../cel/cel-error.ts';
import type { CelType } from '../cel/cel-type.ts';
import { CompileBudget, TOO_MUCH_TEXT } from '../cel/compile-budget.ts';
import type { CelProgram } from '../cel/environment.ts';
import type {
  MatchCondition,
  MutatingAdmissionPolicySpec,
  Mutation,
  ValidatingAdmissionPolicySpec,
  Validation,
} from '../generated/admissionregistration-v1.ts';
import { PolicyEnvironment } from './policy-environment.ts';

export interface CompiledPolicy {
  readonly environment: PolicyEnvironment;
  readonly matchConditions: readonly { name: string; program: CelProgram }[];
  readonly validations: readonly CompiledValidation[];
  readonly auditAnnotations: readonly { key: string; program: CelProgram }[];
  readonly mutations: readonly { patchType: string; program: CelProgram }[];
  /** Empty for a policy that can be evaluated. */
  readonly problems: readonly ExpressionProblem[];
}

export interface CompiledValidation {
  readonly source: Validation;
  readonly program: CelProgram;
  readonly message: CelProgram | undefined;
}

export interface ExpressionProblem {
  /** `spec.validations[0].expression` */
  readonly field: string;
  readonly expression: string;
  readonly problem: string;
}

type Kind = CelType['kind'];

/**
 * Of a webhook: conditions without parameters or variables.
 *
 * @param at  of the list: `webhooks[0].matchConditions`
 * @param budget  shared by the webhooks of a configuration
 */
export function compileMatchConditions(
  conditions: readonly MatchCondition[],
  at: string,
  budget = new CompileBudget(),
): Pick<CompiledPolicy, 'environment' | 'matchConditions' | 'problems'> {
  const compiler = new PolicyCompiler({}, { isMutating: false, budget });
  compiler.addMatchConditions(conditions, at);
  return compiler.result();
}

export function compileValidatingPolicy(spec: ValidatingAdmissionPolicySpec): CompiledPolicy {
  const compiler = new PolicyCompiler(spec, { isMutating: false });
  const validations = (spec.validations ?? []).flatMap((source, index) => {
    const at = `spec.validations[${index}]`;
    const program = compiler.compile(`${at}.expression`, source.expression, ['bool']);
    const message = source.messageExpression
      ? compiler.compile(`${at}.messageExpression`, source.messageExpression, ['string'])
      : undefined;
    return program === undefined ? [] : [{ source, program, message }];
  });
  const auditAnnotations = (spec.auditAnnotations ?? []).flatMap(({ key, valueExpression }, index) => {
    const at = `spec.auditAnnotations[${index}].valueExpression`;
    const program = compiler.compile(at, valueExpression, ['string', 'null']);
    return program === undefined ? [] : [{ key, program }];
  });
  return { ...compiler.result(), validations, auditAnnotations, mutations: [] };
}

export function compileMutatingPolicy(spec: MutatingAdmissionPolicySpec): CompiledPolicy {
  const compiler = new PolicyCompiler(spec, { isMutating: true });
  const mutations = (spec.mutations ?? []).flatMap((mutation, index) => {
    const { field, expression, kind } = expressionOf(mutation);
    const program = compiler.compile(`spec.mutations[${index}].${field}`, expression, [kind]);
    return program === undefined ? [] : [{ patchType: mutation.patchType, program }];
  });
  return { ...compiler.result(), validations: [], auditAnnotations: [], mutations };
}

function expressionOf({ patchType, applyConfiguration, jsonPatch }: Mutation): {
  field: string;
  expression: string;
  kind: Kind;
} {
  return patchType === 'JSONPatch'
    ? { field: 'jsonPatch.expression', expression: jsonPatch?.expression ?? '', kind: 'list' }
    : {
        field: 'applyConfiguration.expression',
        expression: applyConfiguration?.expression ?? '',
        kind: 'object',
      };
}

const RESULTS: Readonly<Partial<Record<Kind, string>>> = {
  bool: 'bool',
  string: 'string',
  null: 'null_type',
  list: 'list(JSONPatch)',
  object: 'Object',
};

class PolicyCompiler {
  readonly #environment: PolicyEnvironment;
  readonly #problems: ExpressionProblem[] = [];
  readonly #matchConditions: { name: string; program: CelProgram }[] = [];

  readonly #budget: CompileBudget;
  #isExhausted = false;

  constructor(
    spec: ValidatingAdmissionPolicySpec | MutatingAdmissionPolicySpec,
    { isMutating, budget = new CompileBudget() }: { isMutating: boolean; budget?: CompileBudget },
  ) {
    this.#budget = budget;
    this.#environment = new PolicyEnvironment({ hasParams: spec.paramKind !== undefined, isMutating });
    for (const [index, { name, expression }] of (spec.variables ?? []).entries()) {
      const at = `spec.variables[${index}].expression`;
      this.#attempt(at, expression, () => this.#environment.addVariable(name, expression));
    }
    this.addMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions');
  }

  addMatchConditions(conditions: readonly MatchCondition[], at: string): void {
    for (const [index, { name, expression }] of conditions.entries()) {
      const program = this.compile(`${at}[${index}].expression`, expression, ['bool']);
      if (program !== undefined) this.#matchConditions.push({ name, program });
    }
  }

  compile(field: string, expression: string, kinds: readonly Kind[]): CelProgram | undefined {
    if (expression.trim() === '') return undefined;
    const program = this.#attempt(field, expression, () => this.#environment.compile(expression));
    if (program === undefined || program.type.kind === 'dyn' || kinds.includes(program.type.kind)) {
      return program;
    }
    const wanted = kinds.map((kind) => RESULTS[kind] ?? kind);
    this.#problems.push({
      field,
      expression,
      problem:
        wanted.length === 1
          ? `must evaluate to ${wanted[0]}`
          : `must evaluate to one of [${wanted.join(' ')}]`,
    });
    return undefined;
  }

  result(): Pick<CompiledPolicy, 'environment' | 'matchConditions' | 'problems'> {
    return {
      environment: this.#environment,
      matchConditions: this.#matchConditions,
      problems: this.#problems,
    };
  }

  #attempt(field: string, expression: string, compile: () => CelProgram): CelProgram | undefined {
    if (!this.#budget.take(expression)) {
      if (!this.#isExhausted) this.#problems.push({ field, expression, problem: TOO_MUCH_TEXT });
      this.#isExhausted = true;
      return undefined;
    }
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error;
      this.#problems.push({ field, expression, problem: `compilation failed: ${error.message}` });
      return undefined;
    }
  }
}
