/**
 * Whether a change of a Pod is worth another look: only its images, its ephemeral containers and its seccomp annotations
 * can change what was evaluated at creation.
 *
 * @see k8s.io/pod-security-admission/admission/admission.go, isSignificantPodUpdate
 */
import type { Pod } from '../../../api/generated/core-v1.ts';

const POD_KEY = 'seccomp.security.alpha.kubernetes.io/pod';
const CONTAINER_KEY_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/';

export function isSignificantUpdate(pod: Pod, old: Pod): boolean {
  const isAnnotated = (key: string) => pod.metadata.annotations?.[key] !== old.metadata.annotations?.[key];
  if (isAnnotated(POD_KEY)) return true;
  return (['containers', 'initContainers', 'ephemeralContainers'] as const).some((sort) => {
    const before = new Map((old.spec[sort] ?? []).map(({ name, image }) => [name, image]));
    const now = pod.spec[sort] ?? [];
    if (sort !== 'ephemeralContainers' && now.length !== before.size) return true;
    return now.some(
      ({ name, image }) =>
        !before.has(name) || before.get(name) !== image || isAnnotated(CONTAINER_KEY_PREFIX + name),
    );
  });
}
