/** Defaults of HorizontalPodAutoscalers. @see k8s.io/kubernetes/pkg/apis/autoscaling/v2/defaults.go */
import type {
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../generated/autoscaling-v2.ts';

const CPU_UTILIZATION = 80;
const PERIOD_SECONDS = 15;
const doubled = (): HPAScalingPolicy => ({ type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS });
const fourPods = (): HPAScalingPolicy => ({ type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS });

export function defaultHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler): void {
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0) {
    const target = { type: 'Utilization', averageUtilization: CPU_UTILIZATION };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  const { behavior } = spec;
  if (behavior === undefined) return;
  // How long scaling down waits is the controller's to say.
  behavior.scaleUp = {
    stabilizationWindowSeconds: 0,
    ...newRules([fourPods(), doubled()]),
    ...behavior.scaleUp,
  };
  behavior.scaleDown = { ...newRules([doubled()]), ...behavior.scaleDown };
}

function newRules(policies: HPAScalingPolicy[]): HPAScalingRules {
  return { selectPolicy: 'Max', policies };
}
