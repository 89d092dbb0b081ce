/** Validation of VolumeAttachments. @see kubernetes/kubernetes pkg/apis/storage/validation/validation.go */
import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentSpec,
  VolumeError,
} from '../generated/storage-v1.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { named } from './field-checks.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { validateInlineVolume } from './inline-volume.ts';
import { dns1123SubdomainProblem } from './names.ts';

const METADATA_MAX_BYTES = 256 * 1024;
const MESSAGE_MAX_BYTES = 1024;
const SOURCE = 'spec.source';

export function validateVolumeAttachment({ spec }: { spec: Partial<VolumeAttachmentSpec> }): FieldError[] {
  const { attacher, source = {}, nodeName = '' } = spec;
  return [
    ...validateCsiDriverName(attacher, 'spec.attacher'),
    ...validateSource(source),
    ...named('spec.nodeName', nodeName, dns1123SubdomainProblem(nodeName)),
  ];
}

function validateSource({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource): FieldError[] {
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (persistentVolumeName === undefined)
    return inlineVolumeSpec === undefined
      ? [required(SOURCE, detail)]
      : validateInlineVolume(inlineVolumeSpec, `${SOURCE}.inlineVolumeSpec`);
  if (inlineVolumeSpec !== undefined) return [forbidden(SOURCE, detail)];
  const field = `${SOURCE}.persistentVolumeName`;
  return persistentVolumeName === ''
    ? [required(field, 'must specify non empty persistentVolumeName')]
    : named(field, persistentVolumeName, dns1123SubdomainProblem(persistentVolumeName));
}

export function validateVolumeAttachmentUpdate(
  attachment: VolumeAttachment,
  old: VolumeAttachment,
): FieldError[] {
  return [...validateVolumeAttachment(attachment), ...validateImmutable('spec', attachment.spec, old.spec)];
}

export function validateVolumeAttachmentStatus({ status }: VolumeAttachment): FieldError[] {
  const entries = Object.entries(status?.attachmentMetadata ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return [
    ...(size > METADATA_MAX_BYTES ? [tooLong('status.attachmentMetadata', METADATA_MAX_BYTES)] : []),
    ...validateVolumeError(status?.attachError, 'status.attachError'),
    ...validateVolumeError(status?.detachError, 'status.detachError'),
  ];
}

function validateVolumeError({ message = '', errorCode = 0 }: VolumeError = {}, field: string): FieldError[] {
  // Upstream names the limit of the metadata.
  const errors = message.length > MESSAGE_MAX_BYTES ? [tooLong(`${field}.message`, METADATA_MAX_BYTES)] : [];
  if (errorCode >= 0) return errors;
  return [...errors, invalid(`${field}.errorCode`, errorCode, 'must be between 0 and 2147483647, inclusive')];
}
