/** Which policies are about a request, by which binding and with which parameters: what validating and mutating ones share. */
import { CEL_LIMITS, CelBudget } from '../../../api/cel/budget.ts';
import { CelCostError, CelError } from '../../../api/cel/cel-error.ts';
import type { CelProgram } from '../../../api/cel/environment.ts';
import type { CelValue } from '../../../api/cel/value.ts';
import type { MatchResources, ParamKind, ParamRef } from '../../../api/generated/admissionregistration-v1.ts';
import type { CompiledPolicy } from '../../../api/policies/compile-policy.ts';
import type { PolicyInput } from '../../../api/policies/policy-environment.ts';
import type { ResourceRow } from '../../../api/resources.ts';
import type { RequestAuthorizer } from '../../interfaces.ts';
import type { KindCatalog } from '../../kinds.ts';
import type { AdmissionRequest, AdmissionView } from '../admission.ts';
import { ResourceMatcher } from '../match-resources.ts';
import { collectParams, PolicyConfigurationError } from './collect-params.ts';
import { newPolicyInput, toValue } from './policy-input.ts';

/** The fields that policies of both sorts have. */
export interface PolicyObject {
  metadata: { name: string };
  spec: { paramKind?: ParamKind; matchConstraints?: MatchResources; failurePolicy?: string };
}

export interface BindingObject {
  metadata: { name: string };
  spec: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources };
}

export interface PolicyServices {
  kinds: KindCatalog;
  authorizer: RequestAuthorizer;
}

interface Kinds {
  policies: ResourceRow;
  bindings: ResourceRow;
}

/** One policy by one binding with one parameter. */
export interface PolicyRun<P extends PolicyObject, B extends BindingObject> {
  policy: P;
  binding: B;
  compiled: CompiledPolicy;
  evaluation: Evaluation;
}

/** What stands in the way of a policy: by its `failurePolicy` a refusal, or nothing. */
export interface PolicyFailure<P extends PolicyObject, B extends BindingObject> {
  policy: P;
  binding: B | undefined;
  message: string;
}

export type RunOrFailure<P extends PolicyObject, B extends BindingObject> =
  | { run: PolicyRun<P, B> }
  | { failure: PolicyFailure<P, B> };

/** Policies as long as the store holds them. */
type Compile<P> = (policy: P) => CompiledPolicy;

export class PolicySelector<P extends PolicyObject, B extends BindingObject> {
  readonly #services: PolicyServices;
  readonly #rows: Kinds;
  readonly #compile: Compile<P>;
  readonly #matcher: ResourceMatcher;
  readonly #compiled = new WeakMap<object, CompiledPolicy>();

  constructor(services: PolicyServices, rows: Kinds, compile: Compile<P>) {
    this.#services = services;
    this.#rows = rows;
    this.#compile = compile;
    this.#matcher = new ResourceMatcher(services.kinds);
  }

  /** In the order of their names. */
  *select(request: AdmissionRequest, view: AdmissionView): Generator<RunOrFailure<P, B>> {
    const all = view.list(this.#rows.bindings, '') as unknown as B[];
    if (all.length === 0) return;
    const bindings = Map.groupBy(all, ({ spec }) => spec.policyName);
    for (const policy of view.list(this.#rows.policies, '') as unknown as P[]) {
      const own = bindings.get(policy.metadata.name);
      if (own !== undefined) yield* this.#runsOf(policy, own, { request, view });
    }
  }

  *#runsOf(
    policy: P,
    bindings: readonly B[],
    { request, view }: { request: AdmissionRequest; view: AdmissionView },
  ): Generator<RunOrFailure<P, B>> {
    const row = this.#matcher.match(policy.spec.matchConstraints, request, view);
    if (row === undefined) return;
    const compiled = this.#compiledOf(policy);
    const [problem] = compiled.problems;
    if (problem !== undefined) {
      const message = `failed to configure policy: ${problem.problem}`;
      yield { failure: { policy, binding: undefined, message } };
      return;
    }
    for (const binding of bindings) {
      if (this.#matcher.match(binding.spec.matchResources, request, view) === undefined) continue;
      try {
        const { kinds } = this.#services;
        const place = { kinds, view, namespace: request.namespace };
        for (const params of collectParams(policy.spec.paramKind, binding.spec.paramRef, place)) {
          const input = newPolicyInput(request, row, { view, authorizer: this.#services.authorizer });
          const evaluation = new Evaluation(compiled, { ...input, params: toValue(params) });
          yield { run: { policy, binding, compiled, evaluation } };
        }
      } catch (error) {
        if (!(error instanceof PolicyConfigurationError)) throw error;
        const message = `failed to configure binding: ${error.message}`;
        yield { failure: { policy, binding, message } };
      }
    }
  }

  #compiledOf(policy: P): CompiledPolicy {
    const known = this.#compiled.get(policy) ?? this.#compile(policy);
    this.#compiled.set(policy, known);
    return known;
  }
}

/** Programs of one policy or webhook on one request, with one budget for all of them. */
export class Evaluation {
  readonly #compiled: Pick<CompiledPolicy, 'environment' | 'matchConditions'>;
  #input: PolicyInput;
  #left: number = CEL_LIMITS.perRequest;

  constructor(compiled: Pick<CompiledPolicy, 'environment' | 'matchConditions'>, input: PolicyInput) {
    this.#compiled = compiled;
    this.#input = input;
  }

  /** What later programs see as `object`. */
  replaceObject(object: CelValue): void {
    this.#input = { ...this.#input, object };
  }

  /** The value, or in words why there is none. */
  evaluate(program: CelProgram, expression: string): { value: CelValue } | { problem: string } {
    const budget = new CelBudget(Math.min(CEL_LIMITS.perCall, Math.max(0, this.#left)));
    try {
      const value = program.evaluate(this.#compiled.environment.bind(this.#input, budget), budget);
      return { value };
    } catch (error) {
      if (error instanceof CelCostError) {
        const isOver = budget.used > this.#left;
        return {
          problem: isOver
            ? 'validation failed due to running out of cost budget, no further validation rules will be run'
            : `expression '${expression}' resulted in error: ${error.message}`,
        };
      }
      if (!(error instanceof CelError)) throw error;
      return { problem: `expression '${expression}' resulted in error: ${error.message}` };
    } finally {
      this.#left -= budget.used;
    }
  }

  /** Whether all match conditions hold: one that does not outweighs the errors of others. */
  matches(conditions: readonly MatchCondition[]): boolean | { problem: string } {
    const problems: string[] = [];
    for (const [index, { program }] of this.#compiled.matchConditions.entries()) {
      const outcome = this.evaluate(program, conditions[index]?.expression ?? '');
      if ('problem' in outcome) problems.push(outcome.problem);
      else if (outcome.value !== true) return false;
    }
    return problems.length === 0 || { problem: problems.join(', ') };
  }
}

type MatchCondition = { expression: string };
