/**
 * What becomes of the Pods that are there when a namespace gets stricter: nothing, but they are told.
 *
 * @see k8s.io/pod-security-admission/admission/admission.go, EvaluatePodsInNamespace
 */
import type { Pod } from '../../../api/generated/core-v1.ts';
import { controllerOf } from '../../../api/owner-references.ts';
import { evaluatePod } from './evaluate-pod.ts';
import { type LevelVersion, showLevel } from './namespace-policy.ts';
import { newSecuredPod } from './secured-pod.ts';

const CHECKED_MAX = 3000;

/** Pods with the same violations share a line, under the name that comes first. */
export function warningsOfPods(namespace: string, pods: readonly Pod[], enforce: LevelVersion): string[] {
  const checked = oneOfEachControllerFirst(pods).slice(0, CHECKED_MAX);
  const namesByReasons = new Map<string, string[]>();
  for (const { metadata, spec } of checked) {
    const reasons = evaluatePod(enforce, newSecuredPod(metadata, spec)).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const key = reasons.join(', ');
    namesByReasons.set(key, [...(namesByReasons.get(key) ?? []), metadata.name]);
  }
  const warnings: string[] = [];
  if (checked.length < pods.length) {
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`,
    );
  }
  if (namesByReasons.size > 0) {
    warnings.push(
      `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${showLevel(enforce)}"`,
    );
  }
  const lines = [...namesByReasons].map(([reasons, names]) => `${showPods(names)}: ${reasons}`);
  return [...warnings, ...lines.sort()];
}

function oneOfEachControllerFirst(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>();
  const [first, later]: [Pod[], Pod[]] = [[], []];
  for (const pod of pods) {
    const uid = controllerOf(pod)?.uid;
    const isRepeated = uid !== undefined && seen.has(uid);
    if (uid !== undefined) seen.add(uid);
    (isRepeated ? later : first).push(pod);
  }
  return [...first, ...later];
}

function showPods(names: readonly string[]): string {
  const first = [...names].sort()[0]!;
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}
