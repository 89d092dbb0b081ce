/** @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateISCSIVolumeSource and its PersistentVolume twin */
import type { ISCSIPersistentVolumeSource, ISCSIVolumeSource } from '../generated/core-v1.ts';
import { requiredFields } from './field-checks.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { requiredOfSecret, validateLun } from './volume-sources.ts';

const FORMATS: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};
const FORMAT = 'must be valid format';
const START = `${FORMAT} starting with iqn, eui, or naa`;

const NAMES_MAX = 64;
const TOO_LONG =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

/** @param startDetail  what is said of a name that is of no known format */
function validateName(name: string, field: string, startDetail: string): FieldError[] {
  const format = FORMATS[name.slice(0, 3)];
  if (format === undefined) return [invalid(field, name, startDetail)];
  return format.test(name) ? [] : [invalid(field, name, FORMAT)];
}

function validateAny(iscsi: ISCSIVolumeSource, field: string, startDetail: string): FieldError[] {
  const { iqn, lun, initiatorName, secretRef } = iscsi;
  const errors = requiredFields(field, iscsi, ['targetPortal', 'iqn']);
  if (iqn) errors.push(...validateName(iqn, `${field}.iqn`, startDetail));
  errors.push(...validateLun(lun, `${field}.lun`));
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && secretRef === undefined)
    errors.push(required(`${field}.secretRef`));
  if (initiatorName !== undefined)
    errors.push(...validateName(initiatorName, `${field}.initiatorname`, startDetail));
  return errors;
}

/** Both become one name on the node. */
function isTooLong({ initiatorName, targetPortal }: ISCSIVolumeSource, name: string): boolean {
  return initiatorName !== undefined && `${name}:${targetPortal}`.length > NAMES_MAX;
}

/** @param volumeField  the path of the volume itself */
export function validateIscsi(
  iscsi: ISCSIVolumeSource,
  field: string,
  { name, field: volumeField }: { name: string; field: string },
): FieldError[] {
  const errors = validateAny(iscsi, field, START);
  return isTooLong(iscsi, name) ? [...errors, invalid(`${volumeField}.name`, name, TOO_LONG)] : errors;
}

/** @param volumeName  of the PersistentVolume */
export function validatePersistentIscsi(
  iscsi: ISCSIPersistentVolumeSource,
  field: string,
  volumeName: string,
): FieldError[] {
  const errors = [
    ...validateAny(iscsi, field, FORMAT),
    ...requiredOfSecret(iscsi.secretRef, field, ['name']),
  ];
  return isTooLong(iscsi, volumeName)
    ? [...errors, invalid(`${field}.targetportal`, iscsi.targetPortal, TOO_LONG)]
    : errors;
}
