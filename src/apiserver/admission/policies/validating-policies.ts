/**
 * ValidatingAdmissionPolicies: rules in CEL that the cluster's administrators set for anything that is written.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go, validator.go
 */
import { CEL_LIMITS } from '../../../api/cel/budget.ts';
import type { CelValue } from '../../../api/cel/value.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/generated/admissionregistration-v1.ts';
import {
  type CompiledPolicy,
  type CompiledValidation,
  compileValidatingPolicy,
} from '../../../api/policies/compile-policy.ts';
import {
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
} from '../../../api/resources.ts';
import { StatusError, type StatusReason } from '../../../base/status-error.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionMetrics, PolicyVerdict } from '../../metrics/admission-metrics.ts';
import type { AdmissionRequest, AdmissionStep } from '../admission.ts';
import { isExempt } from '../match-resources.ts';
import { type PolicyFailure, type PolicyRun, PolicySelector, type PolicyServices } from './policy-run.ts';

type Run = PolicyRun<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;
type Failure = PolicyFailure<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

const FAILURE_ANNOTATION = 'validation.policy.admission.k8s.io/validation_failure';
const ANNOTATION_MAX = 10 * 1024;
const REASONS: readonly string[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

export function newValidatingPolicies(services: PolicyServices, metrics: AdmissionMetrics): AdmissionStep {
  const selector = new PolicySelector<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    services,
    { policies: VALIDATING_ADMISSION_POLICIES, bindings: VALIDATING_ADMISSION_POLICY_BINDINGS },
    ({ spec }) => compileValidatingPolicy(spec),
  );
  return {
    name: 'ValidatingAdmissionPolicy',
    admit(request, view) {
      if (isExempt(request)) return;
      const verdict = new Verdict(request, metrics);
      for (const selected of selector.select(request, view)) {
        if ('failure' in selected) verdict.fail(selected.failure);
        else verdict.judge(selected.run);
      }
      verdict.finish();
    },
  };
}

/** A validation that does not hold, or that cannot be told. */
interface Refusal {
  index: number;
  message: string;
  reason: StatusReason;
  error: PolicyVerdict['error'];
}

const COUNTED_AS: Readonly<Record<string, PolicyVerdict['action']>> = {
  Deny: 'deny',
  Warn: 'warn',
  Audit: 'audit',
};

interface Denial {
  failure: Failure;
  reason: StatusReason;
}

/** What all policies together say of a request. */
class Verdict {
  readonly #request: AdmissionRequest;
  readonly #metrics: AdmissionMetrics;
  /** The first decides. */
  #denial: Denial | undefined;
  readonly #annotations = new Map<string, Set<string>>();

  constructor(request: AdmissionRequest, metrics: AdmissionMetrics) {
    this.#request = request;
    this.#metrics = metrics;
  }

  fail(failure: Failure): void {
    if (failure.policy.spec.failurePolicy !== 'Ignore') this.#denial ??= { failure, reason: 'Invalid' };
  }

  judge(run: Run): void {
    const { policy, compiled, evaluation } = run;
    const isMatch = evaluation.matches(policy.spec.matchConditions ?? []);
    if (isMatch === false) return;
    if (isMatch !== true) {
      this.#failRun(run, { index: 0, message: isMatch.problem });
      return;
    }
    for (const [index, validation] of compiled.validations.entries()) {
      const outcome = evaluation.evaluate(validation.program, validation.source.expression);
      if ('problem' in outcome) this.#failRun(run, { index, message: outcome.problem });
      else if (outcome.value !== true) {
        this.#deny(run, { index, ...refusalOf(run, validation), error: 'no_error' });
      }
    }
    this.#annotate(run, compiled);
  }

  /** @throws StatusError when a policy denies the request */
  finish(): void {
    for (const [key, values] of this.#annotations) {
      this.#request.notes.auditAnnotations.set(key, [...values].join(', '));
    }
    if (this.#denial === undefined) return;
    const { failure, reason } = this.#denial;
    const by = failure.binding === undefined ? '' : ` with binding '${failure.binding.metadata.name}'`;
    const policy = failure.policy.metadata.name;
    const message = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${failure.message}`;
    const { row, name } = this.#request;
    const forbidden = newForbidden(row, name, message, [{ message }]);
    const { details } = forbidden;
    throw new StatusError(reason, forbidden.message, details === undefined ? {} : { details });
  }

  #failRun(run: Run, { index, message }: { index: number; message: string }): void {
    const error = errorTypeOf(message);
    if (run.policy.spec.failurePolicy === 'Ignore') this.#count(run, error, 'allow');
    else this.#deny(run, { index, message, reason: 'Invalid', error });
  }

  #deny(
    { policy, binding }: Pick<Run, 'policy' | 'binding'>,
    { index, message, reason, error }: Refusal,
  ): void {
    const { notes } = this.#request;
    for (const action of binding.spec.validationActions) {
      this.#count({ policy, binding }, error, COUNTED_AS[action]);
      if (action === 'Deny') this.#denial ??= { failure: { policy, binding, message }, reason };
      else if (action === 'Warn') {
        notes.warnings.add(
          `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}': ${message}`,
        );
      } else if (action === 'Audit') {
        const failure = {
          message,
          policy: policy.metadata.name,
          binding: binding.metadata.name,
          expressionIndex: index,
          validationActions: binding.spec.validationActions,
        };
        notes.auditAnnotations.set(FAILURE_ANNOTATION, JSON.stringify([failure]));
      }
    }
  }

  #annotate(run: Run, { auditAnnotations }: CompiledPolicy): void {
    const { policy, evaluation } = run;
    for (const [index, { key, program }] of auditAnnotations.entries()) {
      const expression = policy.spec.auditAnnotations?.[index]?.valueExpression ?? '';
      const outcome = evaluation.evaluate(program, expression);
      if ('problem' in outcome) this.#failAnnotation(run, outcome.problem);
      else this.#publish(`${policy.metadata.name}/${key}`, outcome.value);
    }
  }

  #failAnnotation({ policy, binding }: Run, message: string): void {
    if (policy.spec.failurePolicy !== 'Ignore')
      this.#count({ policy, binding }, errorTypeOf(message), 'deny');
    this.fail({ policy, binding, message });
  }

  #count(
    { policy, binding }: Pick<Run, 'policy' | 'binding'>,
    error: PolicyVerdict['error'],
    action: PolicyVerdict['action'] | undefined,
  ): void {
    if (action === undefined) return;
    this.#metrics.checked({ policy: policy.metadata.name, binding: binding.metadata.name, error, action });
  }

  #publish(key: string, value: CelValue): void {
    const text = typeof value === 'string' ? value.trim().slice(0, ANNOTATION_MAX) : '';
    if (text === '') return;
    this.#annotations.set(key, (this.#annotations.get(key) ?? new Set()).add(text));
  }
}

/** @see validating/dispatcher.go ErrorType: by how the message begins */
function errorTypeOf(message: string): PolicyVerdict['error'] {
  if (message.startsWith('compilation')) return 'compile_error';
  return message.startsWith('validation failed due to running out of cost budget')
    ? 'out_of_budget'
    : 'invalid_error';
}

function refusalOf(
  { evaluation }: Run,
  { source, message }: CompiledValidation,
): { message: string; reason: StatusReason } {
  const reason = REASONS.includes(source.reason ?? '') ? (source.reason as StatusReason) : 'Invalid';
  const outcome = message && evaluation.evaluate(message, source.messageExpression ?? '');
  const text =
    outcome !== undefined && 'value' in outcome && typeof outcome.value === 'string'
      ? outcome.value.trim()
      : '';
  const isUsable = text !== '' && text.length <= CEL_LIMITS.messageExpressionLength && !text.includes('\n');
  if (isUsable) return { message: text, reason };
  return { message: source.message?.trim() || `failed expression: ${source.expression.trim()}`, reason };
}
