/**
 * Checks a policy's expressions against the kinds that it is about. What does not fit is no error: expressions see objects of
 * any kind. It is told in the policy's status. Of a long policy about many kinds only the first expressions are checked.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go
 */
import { CelCompileError } from '../cel/cel-error.ts';
import type { CelType } from '../cel/cel-type.ts';
import { CompileBudget } from '../cel/compile-budget.ts';
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicySpec,
} from '../generated/admissionregistration-v1.ts';
import { PolicyEnvironment } from './policy-environment.ts';

export interface CheckedKind {
  /** `apps/v1, Kind=Deployment` */
  name: string;
  type: CelType;
}

/** @param params  the type of the parameters, where it is known */
export function checkPolicyTypes(
  spec: ValidatingAdmissionPolicySpec,
  kinds: readonly CheckedKind[],
  params: CelType | undefined,
): ExpressionWarning[] {
  const budget = new CompileBudget();
  const environments = kinds.map(({ name, type }) => ({
    name,
    environment: newTypedEnvironment(spec, { object: type, params }, budget),
  }));
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string) => {
    const problems = environments.flatMap(({ name, environment }) => {
      if (!budget.take(expression)) return [];
      const problem = problemOf(() => environment.compile(expression));
      return problem === undefined ? [] : [`${name}: ${problem}\n`];
    });
    if (problems.length > 0) warnings.push({ fieldRef, warning: problems.join('\n') });
  };
  for (const [index, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(`spec.validations[${index}].expression`, expression);
    if (messageExpression) check(`spec.validations[${index}].messageExpression`, messageExpression);
  }
  return warnings;
}

function newTypedEnvironment(
  { paramKind, variables = [] }: ValidatingAdmissionPolicySpec,
  { object, params }: { object: CelType; params: CelType | undefined },
  budget: CompileBudget,
): PolicyEnvironment {
  const environment = new PolicyEnvironment({
    hasParams: paramKind !== undefined,
    isMutating: false,
    types: params === undefined ? { object } : { object, params },
  });
  // A variable that does not fit is of any type: it is told of where it is used.
  for (const { name, expression } of variables) {
    if (!budget.take(expression)) break;
    problemOf(() => environment.addVariable(name, expression));
  }
  return environment;
}

function problemOf(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (error instanceof CelCompileError) return error.message;
    throw error;
  }
}
