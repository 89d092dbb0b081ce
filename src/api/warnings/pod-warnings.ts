/**
 * What is allowed in Pods and templates of Pods, and hardly meant or out of date.
 * @see k8s.io/kubernetes/pkg/api/pod/warnings.go
 */
import type {
  Affinity,
  Container,
  Pod,
  PodAffinity,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../generated/core-v1.ts';
import { fractionalBytes, warningsOfContainer, warningsOfPorts } from './container-warnings.ts';
import { warningsOfKey, warningsOfLabels, warningsOfTerm } from './node-labels.ts';
import { warningsOfSource } from './volume-sources.ts';

const NO_SELECTOR = 'a null labelSelector results in matching no pod';
const SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

export function warningsOfPod(pod: Pod): string[] {
  return warningsOf(pod, '');
}

/** @param field  where the template stands: `spec.template` */
export function warningsOfTemplate(template: PodTemplateSpec | undefined, field: string): string[] {
  return template === undefined ? [] : warningsOf(template, `${field}.`);
}

function warningsOf({ metadata, spec }: Pod | PodTemplateSpec, prefix: string): string[] {
  if (spec === undefined) return [];
  const field = `${prefix}spec`;
  const containers = placesOf(spec, field);
  return [
    ...(spec.nodeSelector ? warningsOfLabels(spec.nodeSelector, `${field}.nodeSelector`) : []),
    ...(spec.affinity ? nodeAffinity(spec.affinity, `${field}.affinity.nodeAffinity`) : []),
    ...spreading(spec, `${field}.topologySpreadConstraints`),
    ...(metadata?.annotations
      ? annotated({ annotations: metadata.annotations, spec }, `${prefix}metadata.annotations`)
      : []),
    ...(spec.volumes ?? []).flatMap((volume, i) => warningsOfVolume(volume, `${field}.volumes[${i}]`)),
    ...repeated(spec, field),
    ...fractionalBytes(spec.overhead, ['memory', 'ephemeral-storage'], `${field}.overhead`),
    ...containers.flatMap(([container, path]) => warningsOfContainer(container, path)),
    ...warningsOfPorts(containers),
    ...(spec.affinity ? podAffinities(spec.affinity, `${field}.affinity`) : []),
  ];
}

function placesOf({ containers, initContainers = [] }: PodSpec, field: string): [Container, string][] {
  const placed = (list: readonly Container[], name: string) =>
    list.map((container, i): [Container, string] => [container, `${field}.${name}[${i}]`]);
  return [...placed(initContainers, 'initContainers'), ...placed(containers ?? [], 'containers')];
}

function nodeAffinity({ nodeAffinity: affinity }: Affinity, field: string): string[] {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const terms = `${field}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  const wishes = `${field}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...required.flatMap((term, i) => warningsOfTerm(term, `${terms}[${i}]`)),
    ...preferred.flatMap(({ preference }, i) => warningsOfTerm(preference, `${wishes}[${i}].preference`)),
  ];
}

function spreading({ topologySpreadConstraints = [] }: PodSpec, field: string): string[] {
  return topologySpreadConstraints.flatMap(({ labelSelector, topologyKey }, i) => [
    ...warningsOfKey(topologyKey, `${field}[${i}].topologyKey`),
    ...(labelSelector === undefined ? [`${field}[${i}].labelSelector: ${NO_SELECTOR}`] : []),
  ]);
}

function podAffinities({ podAffinity, podAntiAffinity }: Affinity, field: string): string[] {
  return [
    ...unselecting(podAffinity, `${field}.podAffinity`),
    ...unselecting(podAntiAffinity, `${field}.podAntiAffinity`),
  ];
}

function unselecting(affinity: PodAffinity | undefined, field: string): string[] {
  const required = (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(
    (term, i) => [term, `requiredDuringSchedulingIgnoredDuringExecution[${i}]`] as const,
  );
  const preferred = (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
    ({ podAffinityTerm }, i) =>
      [podAffinityTerm, `preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`] as const,
  );
  return [...required, ...preferred]
    .filter(([{ labelSelector }]) => labelSelector === undefined)
    .map(([, path]) => `${field}.${path}.labelSelector: ${NO_SELECTOR}`);
}

function annotated(
  { annotations, spec }: { annotations: Readonly<Record<string, string>>; spec: PodSpec },
  field: string,
): string[] {
  const old = Object.keys(ANNOTATIONS).filter((key) => annotations[key] !== undefined);
  const warnings = old.map((key) => `${field}[${key}]: ${ANNOTATIONS[key]}`);
  const isUnsaid = spec.securityContext?.seccompProfile === undefined;
  const silent = placesOf(spec, '').filter(([container]) => !container.securityContext?.seccompProfile);
  const keys = [
    ...(isUnsaid ? [SECCOMP_POD] : []),
    ...silent.map(([{ name }]) => `${SECCOMP_CONTAINER}${name}`),
  ].filter((key) => annotations[key] !== undefined);
  return [...warnings, ...keys.map((key) => `${field}[${key}]: ${SECCOMP}`)];
}

function warningsOfVolume(volume: Volume, field: string): string[] {
  const resources = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
  if (resources === undefined) return warningsOfSource(volume, field);
  const path = `${field}.ephemeral.volumeClaimTemplate.spec.resources`;
  return (['requests', 'limits'] as const).flatMap((part) =>
    fractionalBytes(resources[part], ['storage'], `${path}.${part}`),
  );
}

function repeated({ hostAliases = [], imagePullSecrets = [] }: PodSpec, field: string): string[] {
  const aliases = hostAliases.map(({ ip }) => ip);
  const secrets = imagePullSecrets.map(({ name = '' }) => name);
  return [
    ...laterOnes(aliases).map(
      ([ip, i]) => `${field}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`,
    ),
    ...laterOnes(secrets).map(
      ([name, i]) => `${field}.imagePullSecrets[${i}].name: duplicate name ${JSON.stringify(name)}`,
    ),
    ...secrets.flatMap((name, i) =>
      name === '' ? [`${field}.imagePullSecrets[${i}].name: invalid empty name ""`] : [],
    ),
  ];
}

function laterOnes(values: readonly string[]): [string, number][] {
  const seen = new Set<string>();
  return values.flatMap((value, index): [string, number][] => {
    if (seen.has(value)) return [[value, index]];
    seen.add(value);
    return [];
  });
}
