/**
 * Validation of security contexts, of Pods and of containers.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validatePodSpecSecurityContext, ValidateSecurityContext
 */
import type { PodSecurityContext, PodSpec, SecurityContext } from '../generated/core-v1.ts';
import { named, oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, notSupported } from './field-error.ts';
import { validateAppArmorProfile, validateSeccompProfile } from './security-profiles.ts';
import { validateSysctls } from './sysctls.ts';
import { validateWindowsOptions } from './windows-options.ts';

const ID_MAX = 2_147_483_647;
const PROC_MOUNTS = ['Default', 'Unmasked'];
const POLICIES = {
  fsGroupChangePolicy: ['Always', 'OnRootMismatch'],
  supplementalGroupsPolicy: ['Merge', 'Strict'],
  seLinuxChangePolicy: ['MountOption', 'Recursive'],
} as const;

export function validatePodSecurityContext(
  context: PodSecurityContext,
  field: string,
  spec: PodSpec,
): FieldError[] {
  const { supplementalGroups, sysctls } = context;
  const errors = [
    ...validateIds(context, ['fsGroup', 'runAsUser', 'runAsGroup'], field),
    ...errorsOfEach(supplementalGroups ?? [], (group, i) =>
      named(`${field}.supplementalGroups[${i}]`, group, idProblem(group)),
    ),
    ...(sysctls === undefined ? [] : validateSysctls(sysctls, `${field}.sysctls`, spec)),
    ...validateProfiles(context, field),
  ];
  for (const [policy, values] of Object.entries(POLICIES))
    errors.push(...oneOf(`${field}.${policy}`, context[policy as keyof typeof POLICIES], values));
  return errors;
}

/** @param hostUsers  whether the Pod's users are those of the host */
export function validateSecurityContext(
  context: SecurityContext,
  field: string,
  hostUsers: boolean,
): FieldError[] {
  return [
    ...validateIds(context, ['runAsUser', 'runAsGroup'], field),
    ...validateProcMount(context.procMount, `${field}.procMount`, hostUsers),
    ...validateEscalation(context, field),
    ...validateProfiles(context, field),
  ];
}

function validateProcMount(type: string | undefined, field: string, hostUsers: boolean): FieldError[] {
  if (type === undefined) return [];
  if (!PROC_MOUNTS.includes(type)) return [notSupported(field, type, PROC_MOUNTS)];
  if (type !== 'Unmasked' || !hostUsers) return [];
  return [invalid(field, type, '`hostUsers` must be false to use `Unmasked`')];
}

/** Who may do all already cannot be kept from gaining more. */
function validateEscalation(context: SecurityContext, field: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const cannot = (what: string): FieldError =>
    invalid(field, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
  const errors = context.privileged ? [cannot('`privileged` to true')] : [];
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
    errors.push(cannot('`capabilities.Add` CAP_SYS_ADMIN'));
  return errors;
}

function validateProfiles(context: PodSecurityContext | SecurityContext, field: string): FieldError[] {
  return [
    ...validateSeccompProfile(context.seccompProfile, `${field}.seccompProfile`),
    ...validateWindowsOptions(context.windowsOptions, `${field}.windowsOptions`),
    ...validateAppArmorProfile(context.appArmorProfile, `${field}.appArmorProfile`),
  ];
}

function validateIds<K extends string>(
  context: { [Name in K]?: number },
  names: readonly K[],
  field: string,
): FieldError[] {
  return names.flatMap((name) => {
    const id = context[name];
    return id === undefined ? [] : named(`${field}.${name}`, id, idProblem(id));
  });
}

/** Of users and groups. */
export function idProblem(id: number): string | undefined {
  return id >= 0 && id <= ID_MAX ? undefined : `must be between 0 and ${ID_MAX}, inclusive`;
}
