/**
 * A Pod, or a template of Pods, as the checks of Pod security look at it, and the words that they share.
 *
 * @see k8s.io/pod-security-admission/policy/visitor.go, helpers.go
 */
import type {
  Container,
  PodSecurityContext,
  PodSpec,
  SecurityContext,
} from '../../../api/generated/core-v1.ts';

export interface SecuredPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  /** Of every sort: init containers first, ephemeral ones last. */
  readonly containers: readonly Container[];
}

/** Why a Pod is not allowed: `hostPort`, and in detail `container "web" uses hostPort 80`. */
export interface Violation {
  reason: string;
  detail: string;
}

export interface PodCheck {
  /** Upstream's; violations are told in its order. */
  readonly id: string;
  /** A check of the level below that this one makes superfluous. */
  readonly overrides?: string;
  /** Ascending by the minor version since which a revision of the check counts. */
  readonly revisions: readonly CheckRevision[];
}

interface CheckRevision {
  readonly since: number;
  check(pod: SecuredPod): Violation | undefined;
}

export function newSecuredPod(
  metadata: { annotations?: Record<string, string> } | undefined,
  spec: PodSpec,
): SecuredPod {
  const { initContainers = [], ephemeralContainers = [] } = spec;
  return {
    annotations: metadata?.annotations ?? {},
    spec,
    containers: [...initContainers, ...(spec.containers ?? []), ...(ephemeralContainers as Container[])],
  };
}

/** Names of the containers that `isBad` says. */
export function containersWhere(pod: SecuredPod, isBad: (context: SecurityContext) => boolean): string[] {
  return pod.containers.filter(({ securityContext }) => isBad(securityContext ?? {})).map(({ name }) => name);
}

/** Who sets a bad value itself: `['pod', 'containers "a", "b"']`. */
export function settersWhere(
  pod: SecuredPod,
  isBad: (context: PodSecurityContext | SecurityContext) => boolean,
): string[] {
  const containers = containersWhere(pod, isBad);
  return [
    ...(isBad(pod.spec.securityContext ?? {}) ? ['pod'] : []),
    ...(containers.length > 0 ? [showContainers(containers)] : []),
  ];
}

/** Everything that says something of security: the Pod, then its containers. */
export function contextsOf(pod: SecuredPod): (PodSecurityContext | SecurityContext)[] {
  return [pod.spec.securityContext, ...pod.containers.map(({ securityContext }) => securityContext)].flatMap(
    (context) => context ?? [],
  );
}

/** `container "a"`, `containers "a", "b"` */
export function showContainers(names: readonly string[]): string {
  return `${plural('container', names.length)} ${quoted(names)}`;
}

export function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

export function plural(noun: string, count: number): string {
  return count === 1 ? noun : `${noun}s`;
}

export function sortedSet(items: readonly string[]): string[] {
  return [...new Set(items)].sort();
}
