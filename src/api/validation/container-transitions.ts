/**
 * What may follow the end of a container: nothing, where nothing would start it again.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateContainerStateTransition, pkg/api/v1/pod/util.go ContainerShouldRestart
 */
import type { Container, ContainerStatus, PodSpec, PodStatus } from '../generated/core-v1.ts';
import { matchedRuleAction } from '../restart-rules.ts';
import { errorsOfEach, type FieldError, forbidden } from './field-error.ts';

type Statuses = readonly ContainerStatus[] | undefined;

export function validateTransitions(status: PodStatus, before: PodStatus, spec: PodSpec): FieldError[] {
  return [
    ...restartErrors(status, before, { list: 'containerStatuses', spec, containers: spec.containers }),
    ...restartErrors(status, before, {
      list: 'initContainerStatuses',
      spec,
      containers: spec.initContainers ?? [],
    }),
    // Debug containers are never started again.
    ...transitionErrors(
      status.ephemeralContainerStatuses,
      before.ephemeralContainerStatuses,
      'status.ephemeralContainerStatuses',
    ),
  ];
}

interface Restarts {
  list: 'containerStatuses' | 'initContainerStatuses';
  spec: PodSpec;
  containers: readonly Container[];
}

function restartErrors(
  status: PodStatus,
  before: PodStatus,
  { list, spec, containers }: Restarts,
): FieldError[] {
  return transitionErrors(status[list], before[list], `status.${list}`, (name, exitCode) => {
    const container = containers.find((each) => each.name === name);
    return (container !== undefined && restarts(container, spec, exitCode)) || restartsAll(spec);
  });
}

/** A container's own policy, and its rules before that, stand in for its Pod's. */
function restarts(container: Container, { restartPolicy: ofPod }: PodSpec, exitCode: number): boolean {
  const { restartPolicy: own } = container;
  if (own !== undefined && matchedRuleAction(container, exitCode) !== undefined) return true;
  const policy = own ?? ofPod;
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never';
}

/** One that ends may take all others with it. */
function restartsAll({ containers, initContainers = [] }: PodSpec): boolean {
  return [...containers, ...initContainers].some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
  );
}

function transitionErrors(
  now: Statuses = [],
  before: Statuses = [],
  field: string,
  mayRestart: (name: string, exitCode: number) => boolean = () => false,
): FieldError[] {
  if (!before.some(({ state }) => state?.terminated !== undefined)) return [];
  const again = new Set(now.filter(({ state }) => state?.terminated === undefined).map(({ name }) => name));
  return errorsOfEach(before, ({ name, state }, i) => {
    if (state?.terminated === undefined || !again.has(name)) return [];
    if (mayRestart(name, state.terminated.exitCode ?? 0)) return [];
    return [forbidden(`${field}[${i}].state`, 'may not be transitioned to non-terminated state')];
  });
}
