/**
 * What a Pod violates of a level of Pod security, in the version that a namespace asks for.
 *
 * @see k8s.io/pod-security-admission/policy/registry.go
 */
import { BASELINE_CHECKS } from './baseline-checks.ts';
import { type LevelVersion, minorOf } from './namespace-policy.ts';
import { RESTRICTED_CHECKS } from './restricted-checks.ts';
import type { PodCheck, SecuredPod, Violation } from './secured-pod.ts';

/** Pure. In the order of the checks: baseline ones before restricted ones. */
export function evaluatePod(wanted: LevelVersion, pod: SecuredPod): Violation[] {
  if (wanted.level === 'privileged') return [];
  const minor = minorOf(wanted);
  const restricted = wanted.level === 'restricted' ? RESTRICTED_CHECKS.filter(isSince(minor)) : [];
  const overridden = restricted.map(({ overrides }) => overrides);
  const baseline = BASELINE_CHECKS.filter(({ id }) => !overridden.includes(id));
  return [...baseline, ...restricted].flatMap(({ revisions }) => {
    const revision = revisions.findLast(({ since }) => since <= minor);
    return revision?.check(pod) ?? [];
  });
}

function isSince(minor: number): (check: PodCheck) => boolean {
  return ({ revisions }) => revisions.some(({ since }) => since <= minor);
}

/** `host namespaces (hostPID), privileged (container "a" must not …)` */
export function showViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}
