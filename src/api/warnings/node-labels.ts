/** Labels of nodes that have other names by now. @see k8s.io/kubernetes/pkg/api/node/util.go */
import type { NodeSelectorTerm } from '../generated/core-v1.ts';

const DEPRECATED = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  [
    'failure-domain.beta.kubernetes.io/region',
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  ],
  [
    'failure-domain.beta.kubernetes.io/zone',
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ],
  [
    'beta.kubernetes.io/instance-type',
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  ],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  [
    'scheduler.alpha.kubernetes.io/preferAvoidPods',
    'deprecated since v1.22; use Taints and Tolerations instead',
  ],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** What to use instead of the label. */
export function labelDeprecation(key: string): string | undefined {
  return DEPRECATED.get(key);
}

/** Of a map from labels to values, with each label behind `field`. */
export function warningsOfLabels(labels: Readonly<Record<string, string>>, field: string): string[] {
  return Object.keys(labels).flatMap((key) => {
    const text = labelDeprecation(key);
    return text === undefined ? [] : [`${field}[${key}]: ${text}`];
  });
}

/** Of one that names the label as a value. */
export function warningsOfKey(key: string, field: string): string[] {
  const text = labelDeprecation(key);
  return text === undefined ? [] : [`${field}: ${key} is ${text}`];
}

export function warningsOfTerm({ matchExpressions = [] }: NodeSelectorTerm, field: string): string[] {
  return matchExpressions.flatMap(({ key }, index) =>
    warningsOfKey(key, `${field}.matchExpressions[${index}].key`),
  );
}
