/**
 * MutatingAdmissionPolicies: what the cluster's administrators add to everything that is written, in CEL.
 *
 * Each policy sees what those before it have made of the object. One that asks for it (`reinvocationPolicy: IfNeeded`) is
 * asked once more when others, webhooks among them, have changed the object after it.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go
 */
import { CelError } from '../../../api/cel/cel-error.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../api/generated/admissionregistration-v1.ts';
import { equalJson } from '../../../api/json.ts';
import { compileMutatingPolicy } from '../../../api/policies/compile-policy.ts';
import { MUTATING_ADMISSION_POLICIES, MUTATING_ADMISSION_POLICY_BINDINGS } from '../../../api/resources.ts';
import { StatusError } from '../../../base/status-error.ts';
import { type ApiObject, replaceFields } from '../../api-object.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionRequest, AdmissionStep, AdmissionView } from '../admission.ts';
import { isExempt } from '../match-resources.ts';
import { applyMutation, MutationError } from './apply-mutation.ts';
import { toValue } from './policy-input.ts';
import { type PolicyFailure, type PolicyRun, PolicySelector, type PolicyServices } from './policy-run.ts';

type Run = PolicyRun<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;
type Failure = PolicyFailure<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;
type Selector = PolicySelector<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

export function newMutatingPolicies(services: PolicyServices): AdmissionStep {
  const selector: Selector = new PolicySelector(
    services,
    { policies: MUTATING_ADMISSION_POLICIES, bindings: MUTATING_ADMISSION_POLICY_BINDINGS },
    ({ spec }: MutatingAdmissionPolicy) => compileMutatingPolicy(spec),
  );
  return {
    name: 'MutatingAdmissionPolicy',
    admit(request, view) {
      const { operation, object } = request;
      if (isExempt(request) || object === undefined) return;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      new Mutator(request, object).mutate(selector, view);
    },
  };
}

class Mutator {
  readonly #request: AdmissionRequest;
  readonly #object: ApiObject;
  readonly #failures: Failure[] = [];
  /** Names of the policies before which the object has not been changed since they saw it. */
  readonly #settled = new Set<string>();

  constructor(request: AdmissionRequest, object: ApiObject) {
    this.#request = request;
    this.#object = object;
  }

  /** @throws StatusError when a policy cannot be followed and says that then nothing may be written */
  mutate(selector: Selector, view: AdmissionView): void {
    const again: string[] = [];
    for (const selected of selector.select(this.#request, view)) {
      if ('failure' in selected) this.#failures.push(selected.failure);
      else {
        const { metadata, spec } = selected.run.policy;
        const isReinvocable = spec.reinvocationPolicy === 'IfNeeded';
        if (this.#request.isReinvocation && !isReinvocable) continue;
        this.#run(selected.run);
        if (isReinvocable) again.push(metadata.name);
      }
    }
    if (again.some((name) => !this.#settled.has(name))) {
      for (const selected of selector.select(this.#request, view)) {
        if (!('run' in selected)) continue;
        const { name } = selected.run.policy.metadata;
        if (again.includes(name) && !this.#settled.has(name)) this.#run(selected.run);
      }
    }
    this.#finish();
  }

  #run({ policy, binding, compiled, evaluation }: Run): void {
    const isMatch = evaluation.matches(policy.spec.matchConditions ?? []);
    if (isMatch === false) return;
    if (isMatch !== true) {
      this.#failures.push({ policy, binding, message: isMatch.problem });
      return;
    }
    for (const [index, { patchType, program }] of compiled.mutations.entries()) {
      const mutation = policy.spec.mutations?.[index];
      const source = mutation?.jsonPatch?.expression ?? mutation?.applyConfiguration?.expression ?? '';
      const outcome = evaluation.evaluate(program, source);
      const problem =
        'problem' in outcome ? outcome.problem : this.#apply({ patchType, value: outcome.value });
      if (problem !== undefined) {
        this.#failures.push({ policy, binding, message: problem });
        return;
      }
      evaluation.replaceObject(toValue(this.#object));
    }
    this.#settled.add(policy.metadata.name);
  }

  /** @returns why it cannot be applied */
  #apply(mutation: Parameters<typeof applyMutation>[2]): string | undefined {
    try {
      const changed = applyMutation(this.#object, this.#request.row, mutation);
      if (changed === undefined || equalJson(changed, this.#object)) return undefined;
      this.#settled.clear();
      replaceFields(this.#object, changed);
      return undefined;
    } catch (error) {
      if (error instanceof MutationError || error instanceof CelError) return error.message;
      throw error;
    }
  }

  #finish(): void {
    const failures = this.#failures.filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore');
    if (failures.length === 0) return;
    const causes = failures.map((failure) => ({ message: describe(failure) }));
    const { row, name } = this.#request;
    const { details } = newForbidden(row, name, '', causes);
    throw new StatusError('Forbidden', causes[0]!.message, details === undefined ? {} : { details });
  }
}

function describe({ policy, binding, message }: Failure): string {
  const { name } = policy.metadata;
  return binding === undefined
    ? `policy "${name}" denied request: ${message}`
    : `policy '${name}' with binding '${binding.metadata.name}' denied request: ${message}`;
}
