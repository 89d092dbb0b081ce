/** `runAsNonRoot`: a promise that is checked before a container starts. Pure. @see kubelet verifyRunAsNonRoot */
import type { Container, Pod } from '../api/generated/core-v1.ts';
import type { RuntimeImage } from '../container-runtime/runtime.ts';
import { formatPod } from './container-identity.ts';

/** Why the container may not start; `undefined` when it may. */
export function nonRootError(
  pod: Pod,
  container: Container,
  { user = {} }: RuntimeImage,
): string | undefined {
  const own = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  if (!(own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false)) return undefined;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  const wanted = own.runAsUser ?? ofPod.runAsUser;
  if (wanted !== undefined)
    return wanted === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (user.uid === 0) return `container has runAsNonRoot and image will run as root ${where}`;
  if (user.uid !== undefined || user.name === undefined) return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${user.name}), cannot verify user is non-root ${where}`;
}
