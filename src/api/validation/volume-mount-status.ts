/** What a status says of volumes as a container has them. @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateVolumeStatus */
import type { ContainerStatus } from '../generated/core-v1.ts';
import { errorsOfEach, type FieldError, required, tooLong } from './field-error.ts';
import { utf8Length } from './names.ts';

const IMAGE_REF_MAX_BYTES = 256;

export function validateVolumeStatuses(
  statuses: readonly ContainerStatus[] = [],
  field: string,
): FieldError[] {
  return errorsOfEach(statuses, ({ volumeMounts }, i) =>
    volumeMounts === undefined
      ? []
      : errorsOfEach(volumeMounts, ({ volumeStatus }, j) =>
          volumeStatus?.image === undefined
            ? []
            : imageErrors(
                volumeStatus.image.imageRef,
                `${field}[${i}].volumeMounts[${j}].volumeStatus.imageVolumeStatus.imageRef`,
              ),
        ),
  );
}

/** The path is upstream’s: it names the type. */
function imageErrors(imageRef: string | undefined, field: string): FieldError[] {
  if (!imageRef) return [required(field, 'imageRef must not be empty')];
  return utf8Length(imageRef) > IMAGE_REF_MAX_BYTES ? [tooLong(field, IMAGE_REF_MAX_BYTES)] : [];
}
