/**
 * The restricted level: what hardened programs need not have is refused, and they must say that they do without it.
 *
 * @see k8s.io/pod-security-admission/policy/check_*.go
 */
import type { Volume } from '../../../api/generated/core-v1.ts';
import { checkProcMount, checkSeccomp, hasOwnUsers, isConfinedProfile } from './baseline-checks.ts';
import {
  containersWhere,
  type PodCheck,
  plural,
  quoted,
  type SecuredPod,
  settersWhere,
  showContainers,
  sortedSet,
  type Violation,
} from './secured-pod.ts';

const VOLUME_TYPES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

type Check = (pod: SecuredPod) => Violation | undefined;

const unlessWindows =
  (check: Check): Check =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : check(pod);

const unlessOwnUsers =
  (check: Check): Check =>
  (pod) =>
    hasOwnUsers(pod) ? undefined : check(pod);

export const RESTRICTED_CHECKS: readonly PodCheck[] = [
  {
    id: 'allowPrivilegeEscalation',
    revisions: [
      { since: 8, check: checkEscalation },
      { since: 25, check: unlessWindows(checkEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    overrides: 'capabilities_baseline',
    revisions: [
      { since: 22, check: checkCapabilities },
      { since: 25, check: unlessWindows(checkCapabilities) },
    ],
  },
  { id: 'procMount_restricted', overrides: 'procMount', revisions: [{ since: 35, check: checkProcMount }] },
  {
    id: 'restrictedVolumes',
    overrides: 'hostPathVolumes',
    revisions: [{ since: 0, check: checkVolumes }],
  },
  {
    id: 'runAsNonRoot',
    revisions: [
      { since: 0, check: checkNonRoot },
      { since: 35, check: unlessOwnUsers(checkNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    revisions: [
      { since: 23, check: checkUser },
      { since: 35, check: unlessOwnUsers(checkUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    overrides: 'seccompProfile_baseline',
    revisions: [
      { since: 19, check: checkSeccompSet },
      { since: 25, check: unlessWindows(checkSeccompSet) },
    ],
  },
];

function checkEscalation(pod: SecuredPod): Violation | undefined {
  const bad = containersWhere(pod, ({ allowPrivilegeEscalation }) => allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${showContainers(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function checkCapabilities(pod: SecuredPod): Violation | undefined {
  const isForbidden = (capability: string) => capability !== 'NET_BIND_SERVICE';
  const keeping = containersWhere(pod, ({ capabilities }) => !capabilities?.drop?.includes('ALL'));
  const adding = containersWhere(pod, ({ capabilities }) => capabilities?.add?.some(isForbidden) ?? false);
  const added = pod.containers.flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? []);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(`${showContainers(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const shown = quoted(sortedSet(added.filter(isForbidden)));
    details.push(`${showContainers(adding)} must not include ${shown} in securityContext.capabilities.add`);
  }
  return details.length === 0
    ? undefined
    : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

function checkVolumes({ spec }: SecuredPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !VOLUME_TYPES.has(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.map(typeOf));
  const names = quoted(bad.map(({ name }) => name));
  const verb = bad.length === 1 ? 'uses' : 'use';
  const noun = plural('restricted volume type', types.length);
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', bad.length)} ${names} ${verb} ${noun} ${quoted(types)}`,
  };
}

function typeOf(volume: Volume): string {
  return Object.keys(volume).find((field) => field !== 'name') ?? 'unknown';
}

function checkNonRoot(pod: SecuredPod): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const setters = settersWhere(pod, ({ runAsNonRoot }) => runAsNonRoot === false);
  if (setters.length > 0)
    return { reason, detail: `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false` };
  if (pod.spec.securityContext?.runAsNonRoot === true) return undefined;
  const silent = containersWhere(pod, ({ runAsNonRoot }) => runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${showContainers(silent)} must set securityContext.runAsNonRoot=true`,
  };
}

function checkUser(pod: SecuredPod): Violation | undefined {
  const setters = settersWhere(pod, ({ runAsUser }) => runAsUser === 0);
  if (setters.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` };
}

function checkSeccompSet(pod: SecuredPod): Violation | undefined {
  const wrong = checkSeccomp(pod);
  if (wrong !== undefined) return wrong;
  if (isConfinedProfile(pod.spec.securityContext?.seccompProfile?.type)) return undefined;
  const silent = containersWhere(pod, ({ seccompProfile }) => seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${showContainers(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}
