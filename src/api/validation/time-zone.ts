/**
 * Names of time zones as the IANA database has them: `Europe/Berlin`.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go validateTimeZone
 */
import { type FieldError, invalid } from './field-error.ts';

/** Digits and `+` are in old names; a part begins with a capital. */
const PART = /^[A-Za-z._0-9+][A-Za-z._\-0-9+]{0,13}$/;

export function validateTimeZone(zone: string, field: string): FieldError[] {
  if (zone === '') return [invalid(field, zone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(field, zone, `unknown time zone ${zone}`);
  if (zone.split('/').some((part) => part === '.' || part === '..' || !PART.test(part))) return [unknown];
  const isLocal = zone.toLowerCase() === 'local';
  const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  return [
    ...(isLocal ? [invalid(field, zone, why)] : []),
    ...(zone === 'Local' || isTimeZone(zone) ? [] : [unknown]),
  ];
}

/** Exactly as it is written; `Intl` also takes other cases, and offsets such as `+01`. */
export function isTimeZone(zone: string): boolean {
  if (!zone.split('/').every((part) => /^[A-Z]/.test(part))) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase();
  } catch {
    return false;
  }
}
