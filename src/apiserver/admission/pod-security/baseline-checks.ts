/**
 * The baseline level: known privilege escalations are refused, everything common is allowed.
 *
 * @see k8s.io/pod-security-admission/policy/check_*.go
 */
import type { Container, LifecycleHandler, Probe } from '../../../api/generated/core-v1.ts';
import {
  containersWhere,
  contextsOf,
  type PodCheck,
  plural,
  quoted,
  type SecuredPod,
  settersWhere,
  showContainers,
  sortedSet,
  type Violation,
} from './secured-pod.ts';

const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';
const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/';
const CONFINED_PROFILES: readonly (string | undefined)[] = ['Localhost', 'RuntimeDefault'];

const ADDABLE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

/** By the version that declared them safe. */
const SAFE_SYSCTLS: Readonly<Record<number, readonly string[]>> = {
  0: [
    'kernel.shm_rmid_forced',
    'net.ipv4.ip_local_port_range',
    'net.ipv4.tcp_syncookies',
    'net.ipv4.ping_group_range',
    'net.ipv4.ip_unprivileged_port_start',
  ],
  27: ['net.ipv4.ip_local_reserved_ports'],
  29: [
    'net.ipv4.tcp_keepalive_time',
    'net.ipv4.tcp_fin_timeout',
    'net.ipv4.tcp_keepalive_intvl',
    'net.ipv4.tcp_keepalive_probes',
  ],
  32: ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
};

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

export const BASELINE_CHECKS: readonly PodCheck[] = [
  { id: 'appArmorProfile', revisions: [{ since: 0, check: checkAppArmor }] },
  { id: 'capabilities_baseline', revisions: [{ since: 0, check: checkCapabilities }] },
  { id: 'hostNamespaces', revisions: [{ since: 0, check: checkHostNamespaces }] },
  { id: 'hostPathVolumes', revisions: [{ since: 0, check: checkHostPaths }] },
  { id: 'hostPorts', revisions: [{ since: 0, check: checkHostPorts }] },
  { id: 'hostProbesAndHostLifecycle', revisions: [{ since: 34, check: checkProbeHosts }] },
  { id: 'privileged', revisions: [{ since: 0, check: checkPrivileged }] },
  {
    id: 'procMount',
    revisions: [
      { since: 0, check: checkProcMount },
      { since: 35, check: (pod) => (hasOwnUsers(pod) ? undefined : checkProcMount(pod)) },
    ],
  },
  {
    id: 'seLinuxOptions',
    revisions: [
      { since: 0, check: (pod) => checkSeLinux(pod, SELINUX_TYPES) },
      { since: 31, check: (pod) => checkSeLinux(pod, [...SELINUX_TYPES, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    revisions: [
      { since: 0, check: checkSeccompAnnotations },
      { since: 19, check: checkSeccomp },
    ],
  },
  {
    id: 'sysctls',
    revisions: Object.keys(SAFE_SYSCTLS).map((since) => ({
      since: Number(since),
      check: (pod: SecuredPod) => checkSysctls(pod, Number(since)),
    })),
  },
  { id: 'windowsHostProcess', revisions: [{ since: 0, check: checkHostProcess }] },
];

/** Root in such a Pod is nobody outside. */
export function hasOwnUsers({ spec }: SecuredPod): boolean {
  return spec.hostUsers === false;
}

export function isConfinedProfile(type: string | undefined): boolean {
  return CONFINED_PROFILES.includes(type);
}

function checkAppArmor(pod: SecuredPod): Violation | undefined {
  const types = contextsOf(pod)
    .flatMap(({ appArmorProfile }) => appArmorProfile ?? [])
    .map(({ type }) => type)
    .filter((type) => !isConfinedProfile(type));
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(APP_ARMOR_ANNOTATION) && !isAppArmorAnnotation(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const setters = settersWhere(
    pod,
    ({ appArmorProfile }) => appArmorProfile !== undefined && !isConfinedProfile(appArmorProfile.type),
  );
  if (annotations.length > 0) setters.push(plural('annotation', annotations.length));
  const values = [...sortedSet(types), ...annotations];
  if (values.length === 0) return undefined;
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
}

function isAppArmorAnnotation(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/');
}

function checkCapabilities(pod: SecuredPod): Violation | undefined {
  const isForbidden = (capability: string) => !ADDABLE_CAPABILITIES.has(capability);
  const bad = containersWhere(pod, ({ capabilities }) => capabilities?.add?.some(isForbidden) ?? false);
  if (bad.length === 0) return undefined;
  const added = pod.containers.flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? []);
  const shown = quoted(sortedSet(added.filter(isForbidden)));
  return {
    reason: 'non-default capabilities',
    detail: `${showContainers(bad)} must not include ${shown} in securityContext.capabilities.add`,
  };
}

function checkHostNamespaces({ spec }: SecuredPod): Violation | undefined {
  const shared = (['hostIPC', 'hostNetwork', 'hostPID'] as const).filter((namespace) => spec[namespace]);
  return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.join(', ') };
}

function checkHostPaths({ spec }: SecuredPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', bad.length)} ${quoted(bad)}` };
}

function checkHostPorts({ containers }: SecuredPod): Violation | undefined {
  const portsOf = ({ ports = [] }: Container) => ports.flatMap(({ hostPort }) => hostPort || []);
  const bad = containers.filter((container) => portsOf(container).length > 0).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  const ports = sortedSet(containers.flatMap(portsOf).map(String));
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${showContainers(bad)} ${verb} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  };
}

function checkProbeHosts({ containers }: SecuredPod): Violation | undefined {
  const bad = containers.filter((container) => hostsOf(container).length > 0).map(({ name }) => name);
  if (bad.length === 0) return undefined;
  const hosts = sortedSet(containers.flatMap(hostsOf));
  const verb = bad.length === 1 ? 'uses' : 'use';
  const noun = plural('probe or lifecycle host', hosts.length);
  return {
    reason: 'probe or lifecycle host',
    detail: `${showContainers(sortedSet(bad))} ${verb} ${noun} ${quoted(hosts)}`,
  };
}

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] {
  const handlers: (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers.flatMap((handler) => [
    ...(handler?.httpGet?.host ? [handler.httpGet.host] : []),
    ...(handler?.tcpSocket?.host ? [handler.tcpSocket.host] : []),
  ]);
}

function checkPrivileged(pod: SecuredPod): Violation | undefined {
  const bad = containersWhere(pod, ({ privileged }) => privileged === true);
  if (bad.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${showContainers(bad)} must not set securityContext.privileged=true`,
  };
}

export function checkProcMount(pod: SecuredPod): Violation | undefined {
  const isForbidden = (type: string | undefined) => type !== undefined && type !== 'Default';
  const bad = containersWhere(pod, ({ procMount }) => isForbidden(procMount));
  if (bad.length === 0) return undefined;
  const types = pod.containers.flatMap(({ securityContext }) => securityContext?.procMount ?? []);
  const shown = quoted(sortedSet(types.filter(isForbidden)));
  return {
    reason: 'procMount',
    detail: `${showContainers(bad)} must not set securityContext.procMount to ${shown}`,
  };
}

function checkSeLinux(pod: SecuredPod, allowed: readonly string[]): Violation | undefined {
  const setters = settersWhere(pod, ({ seLinuxOptions: { type = '', user, role } = {} }) =>
    Boolean(!allowed.includes(type) || user || role),
  );
  if (setters.length === 0) return undefined;
  const options = contextsOf(pod).flatMap(({ seLinuxOptions }) => seLinuxOptions ?? []);
  const types = sortedSet(options.map(({ type = '' }) => type).filter((type) => !allowed.includes(type)));
  const wrong = [
    ...(types.length > 0 ? [`${plural('type', types.length)} ${quoted(types)}`] : []),
    ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
  ];
  return {
    reason: 'seLinuxOptions',
    detail: `${setters.join(' and ')} set forbidden securityContext.seLinuxOptions: ${wrong.join('; ')}`,
  };
}

function checkSeccompAnnotations({ annotations, containers }: SecuredPod): Violation | undefined {
  const keys = containers.map(({ name }) => SECCOMP_CONTAINER_ANNOTATION + name);
  const bad = sortedSet([SECCOMP_POD_ANNOTATION, ...keys])
    .filter((key) => annotations[key] !== undefined && !isSeccompAnnotation(annotations[key]))
    .map((key) => `${key}=${JSON.stringify(annotations[key])}`);
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}`,
  };
}

function isSeccompAnnotation(value: string): boolean {
  return value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
}

export function checkSeccomp(pod: SecuredPod): Violation | undefined {
  const setters = settersWhere(
    pod,
    ({ seccompProfile }) => seccompProfile !== undefined && !isConfinedProfile(seccompProfile.type),
  );
  if (setters.length === 0) return undefined;
  const types = contextsOf(pod).flatMap(({ seccompProfile }) => seccompProfile?.type ?? []);
  const shown = quoted(sortedSet(types.filter((type) => !isConfinedProfile(type))));
  return {
    reason: 'seccompProfile',
    detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to ${shown}`,
  };
}

function checkSysctls({ spec }: SecuredPod, minor: number): Violation | undefined {
  const safe = Object.entries(SAFE_SYSCTLS).flatMap(([since, names]) =>
    Number(since) <= minor ? names : [],
  );
  const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name);
  const bad = names.filter((name) => !safe.includes(name));
  return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
}

function checkHostProcess(pod: SecuredPod): Violation | undefined {
  const setters = settersWhere(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
  if (setters.length === 0) return undefined;
  return {
    reason: 'hostProcess',
    detail: `${setters.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
  };
}
