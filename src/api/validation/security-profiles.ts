/**
 * Validation of seccomp and AppArmor profiles, as Pods and containers name them.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateSeccompProfileField, ValidateAppArmorProfileField
 */
import type { AppArmorProfile, SeccompProfile } from '../generated/core-v1.ts';
import { type FieldError, invalid, notSupported, required, tooLong } from './field-error.ts';
import { validateRelativePath } from './path-checks.ts';

const TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
/** PATH_MAX - 1 */
const APP_ARMOR_NAME_MAX = 4095;

export function validateSeccompProfile(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return [];
  const { localhostProfile: path } = profile;
  const errors = validateType(profile, field, 'seccompProfile');
  const at = `${field}.localhostProfile`;
  if (profile.type !== 'Localhost') {
    const why = 'can only be set when seccomp type is Localhost';
    return path === undefined ? errors : [...errors, invalid(at, profile, why)];
  }
  if (path === undefined) return [...errors, required(at, 'must be set when seccomp type is Localhost')];
  return [...errors, ...validateRelativePath(path, at)];
}

export function validateAppArmorProfile(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return [];
  const errors = validateType(profile, field, 'appArmorProfile');
  if (errors.length > 0) return errors;
  const { type, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  if (type === 'Localhost') return validateAppArmorName(localhostProfile, at);
  const why = 'can only be set when AppArmor type is Localhost';
  return localhostProfile === undefined ? [] : [invalid(at, localhostProfile, why)];
}

function validateType({ type = '' }: { type?: string }, field: string, what: string): FieldError[] {
  if (type === '') return [required(`${field}.type`, `type is required when ${what} is set`)];
  return TYPES.includes(type) ? [] : [notSupported(`${field}.type`, type, TYPES)];
}

function validateAppArmorName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field, 'must be set when AppArmor type is Localhost')];
  const errors = name.trim() === name ? [] : [invalid(field, name, 'must not be padded with whitespace')];
  if (name.length > APP_ARMOR_NAME_MAX) errors.push(tooLong(field, APP_ARMOR_NAME_MAX));
  return errors;
}
