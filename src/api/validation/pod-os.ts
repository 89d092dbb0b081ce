/**
 * Validation of a Pod's operating system, and of what is not for it.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateOS, validateLinux, validateWindows
 */
import type { PodOS, PodSecurityContext, PodSpec, SecurityContext } from '../generated/core-v1.ts';
import { type FieldError, forbidden, notSupported, required, untilMany } from './field-error.ts';
import { containersOf } from './pod-containers.ts';
import { STOP_SIGNALS } from './stop-signals.ts';

const SYSTEMS = ['linux', 'windows'];
const NOT_FOR_WINDOWS = 'cannot be set for a windows pod';

const LINUX_ONLY = {
  pod: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'fsGroup',
    'fsGroupChangePolicy',
    'sysctls',
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
    'seLinuxChangePolicy',
  ] satisfies (keyof PodSecurityContext)[],
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] satisfies (keyof PodSpec)[],
  container: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'capabilities',
    'readOnlyRootFilesystem',
    'privileged',
    'allowPrivilegeEscalation',
    'procMount',
    'runAsUser',
    'runAsGroup',
  ] satisfies (keyof SecurityContext)[],
};

/** @param field  of `os` */
export function validateOs({ name = '' }: Partial<PodOS>, field: string, spec: PodSpec): FieldError[] {
  if (name === '') return [required(`${field}.name`)];
  if (!SYSTEMS.includes(name)) return [notSupported(field, name, SYSTEMS)];
  const ofSpec = field.replace(/\.os$/, '');
  return name === 'linux' ? validateLinux(spec, ofSpec) : validateWindows(spec, ofSpec);
}

function validateLinux(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const check = (context: PodSecurityContext | SecurityContext | undefined, path: string): void => {
    if (context?.windowsOptions === undefined) return;
    const why = 'windows options cannot be set for a linux pod';
    errors.push(forbidden(`${path}.securityContext.windowsOptions`, why));
  };
  check(spec.securityContext, field);
  for (const { container, path } of untilMany(errors, containersOf(spec, field)))
    check(container.securityContext, path);
  return errors;
}

function validateWindows(spec: PodSpec, field: string): FieldError[] {
  const errors = forbidSet(LINUX_ONLY.pod, spec.securityContext, `${field}.securityContext`);
  errors.push(...forbidSet(LINUX_ONLY.spec, spec, field));
  for (const { container, path } of untilMany(errors, containersOf(spec, field)))
    errors.push(...forbidSet(LINUX_ONLY.container, container.securityContext, `${path}.securityContext`));
  return errors;
}

function forbidSet<K extends string>(
  names: readonly K[],
  value: { [Name in K]?: unknown } | undefined,
  field: string,
): FieldError[] {
  if (value === undefined) return [];
  return names
    .filter((name) => isSet(name, value[name]))
    .map((name) => forbidden(`${field}.${name}`, NOT_FOR_WINDOWS));
}

/** `false` and no items are the same as nothing where upstream has no pointer. */
function isSet(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (name === 'hostPID' || name === 'hostIPC') return value === true;
  return name !== 'sysctls' || (value as unknown[]).length > 0;
}

/** Signals are those of an operating system, so it must be named. */
export function validateStopSignal(signal: string, field: string, os: PodOS | undefined): FieldError[] {
  if (os === undefined) return [forbidden(field, 'may not be set for containers with empty `spec.os.name`')];
  const signals = STOP_SIGNALS.get(os.name);
  return signals === undefined || signals.includes(signal) ? [] : [notSupported(field, signal, signals)];
}
