/**
 * How long a Pod stays on a node that is not ready or unreachable: five minutes unless it says otherwise.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/defaulttolerationseconds/admission.go
 */
import type { Pod, Toleration } from '../../api/generated/core-v1.ts';
import { PODS } from '../../api/resources.ts';
import { type AdmissionStep, isCreationOf } from './admission.ts';

const DEFAULT_SECONDS = 300;
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerationSeconds: AdmissionStep = {
  name: 'DefaultTolerationSeconds',
  admit(request) {
    if (!isCreationOf(PODS, request)) return;
    const { spec } = request.object as unknown as Pod;
    const tolerations = spec.tolerations ?? [];
    const missing = KEYS.filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)));
    if (missing.length === 0) return;
    spec.tolerations = tolerations.concat(missing.map(defaultToleration));
  },
};

function tolerates({ key, effect }: Toleration, taintKey: string): boolean {
  return (key === taintKey || !key) && (effect === 'NoExecute' || !effect);
}

function defaultToleration(key: string): Toleration {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: DEFAULT_SECONDS };
}
