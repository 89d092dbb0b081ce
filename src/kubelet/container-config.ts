/** From a container of the manifest to what the runtime is told. Pure. @see kuberuntime generateContainerConfig */

import type { Container, Pod, ResourceRequirements } from '../api/generated/core-v1.ts';
import { milliValue, wholeValue } from '../base/quantity.ts';
import type {
  ContainerConfig,
  ContainerMount,
  ContainerResources,
  SandboxConfig,
} from '../container-runtime/runtime.ts';
import {
  BACKOFF_ANNOTATION,
  CONTAINER_NAME_LABEL,
  containerHash,
  HASH_ANNOTATION,
  MESSAGE_HOST_PATH_ANNOTATION,
  MESSAGE_PATH_ANNOTATION,
  MESSAGE_POLICY_ANNOTATION,
  POD_GRACE_ANNOTATION,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  POD_UID_LABEL,
  PRE_STOP_ANNOTATION,
  RESOURCES_ANNOTATION,
  RESTART_COUNT_ANNOTATION,
  RETRY_ANNOTATION,
} from './container-identity.ts';
import { GRACE_DEFAULT_SECONDS } from './defaults.ts';
import { expandVariables } from './expansion.ts';
import { oomScoreAdjust } from './oom-score.ts';
import { type NodeDns, podDns } from './pod-dns.ts';
import { retryValue } from './restart-backoff.ts';

export interface ContainerConfigInputs {
  pod: Pod;
  container: Container;
  attempt: number;
  /** What this start used up of the back-off curve; see restart-backoff.ts. */
  backoffMs: number;
  variables: ReadonlyMap<string, string>;
  mounts: ContainerMount[];
  /** Where the termination message goes on this machine. */
  messageHostPath: string;
  memoryCapacityBytes: number;
}

function podLabels({ metadata }: Pod): Record<string, string> {
  return {
    [POD_NAME_LABEL]: metadata.name,
    [POD_NAMESPACE_LABEL]: metadata.namespace ?? '',
    [POD_UID_LABEL]: metadata.uid,
  };
}

export function containerConfig(inputs: ContainerConfigInputs): ContainerConfig {
  const { attempt, container, mounts, pod, variables } = inputs;
  const expand = (text: string) => expandVariables(text, variables);
  return {
    metadata: { name: container.name, attempt },
    image: container.image ?? '',
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? '',
    env: [...variables].map(([name, value]) => ({ name, value })),
    mounts: mounts.concat(messageMount(inputs)),
    stopSignal: container.lifecycle?.stopSignal ?? '',
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    resources: containerResources(pod, container, inputs.memoryCapacityBytes),
    security: securityOf(pod, container),
    labels: { ...podLabels(pod), [CONTAINER_NAME_LABEL]: container.name },
    annotations: annotationsOf(inputs),
  };
}

function messageMount({ container, messageHostPath }: ContainerConfigInputs): ContainerMount[] {
  const containerPath = container.terminationMessagePath ?? '/dev/termination-log';
  return containerPath === '' ? [] : [{ containerPath, hostPath: messageHostPath, readonly: false }];
}

function annotationsOf({ attempt, backoffMs, container, messageHostPath, pod }: ContainerConfigInputs) {
  const preStop = container.lifecycle?.preStop;
  const grace = pod.spec.terminationGracePeriodSeconds ?? GRACE_DEFAULT_SECONDS;
  const retry = retryValue(pod);
  return {
    [HASH_ANNOTATION]: containerHash(container),
    [RESTART_COUNT_ANNOTATION]: String(attempt),
    [MESSAGE_PATH_ANNOTATION]: container.terminationMessagePath ?? '/dev/termination-log',
    [MESSAGE_POLICY_ANNOTATION]: container.terminationMessagePolicy ?? 'File',
    [MESSAGE_HOST_PATH_ANNOTATION]: messageHostPath,
    [POD_GRACE_ANNOTATION]: String(grace),
    [BACKOFF_ANNOTATION]: String(backoffMs),
    [RESOURCES_ANNOTATION]: JSON.stringify(container.resources ?? {}),
    ...(preStop === undefined ? {} : { [PRE_STOP_ANNOTATION]: JSON.stringify(preStop) }),
    ...(retry === '' ? {} : { [RETRY_ANNOTATION]: retry }),
  };
}

export function containerResources(
  pod: Pod,
  container: Container,
  memoryCapacityBytes: number,
): ContainerResources {
  const { limits, requests = {} } = container.resources ?? {};
  // A container that is not limited itself ends where its Pod does.
  const limited = { limits: { ...pod.spec.resources?.limits, ...limits }, requests };
  return {
    ...amountsOf(limited),
    oomScoreAdj: oomScoreAdjust(pod, container, memoryCapacityBytes),
  };
}

function amountsOf({ limits = {}, requests = {} }: ResourceRequirements) {
  const cpuRequest = requests['cpu'] ?? limits['cpu'];
  return {
    ...(cpuRequest === undefined ? {} : { cpuRequestMillis: milliValue(cpuRequest) }),
    ...(limits['cpu'] === undefined ? {} : { cpuLimitMillis: milliValue(limits['cpu']) }),
    ...(limits['memory'] === undefined ? {} : { memoryLimitBytes: wholeValue(limits['memory']) }),
  };
}

function securityOf(pod: Pod, container: Container): ContainerConfig['security'] {
  const ofPod = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  const groups = [
    ...(ofPod.supplementalGroups ?? []),
    ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup]),
  ];
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: groups,
    readonlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    privileged: own.privileged ?? false,
  };
}

/** Longest host name. */
const HOSTNAME_MAX = 63;

export function sandboxConfig(pod: Pod, attempt: number, nodeDns: NodeDns): SandboxConfig {
  const { metadata, spec } = pod;
  const { namespace = '' } = metadata;
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  const dns = podDns(pod, nodeDns);
  return {
    metadata: { name: metadata.name, namespace, uid: metadata.uid, attempt },
    hostname: (spec.hostname ?? metadata.name).slice(0, HOSTNAME_MAX).replace(/[-.]+$/, ''),
    hostNetwork: spec.hostNetwork ?? false,
    ...(dns === undefined ? {} : { dns }),
    portMappings: ports.flatMap(({ containerPort, hostIP = '', hostPort, protocol = 'TCP' }) =>
      hostPort === undefined || hostPort === 0 ? [] : [{ containerPort, hostPort, hostIp: hostIP, protocol }],
    ),
    labels: { ...metadata.labels, ...podLabels(pod) },
    annotations: { ...metadata.annotations },
    ...(spec.resources && { resources: amountsOf(spec.resources) }),
  };
}
