/** What a write through the `ephemeralcontainers` door may not do: touch those that are there. */
import type { Pod } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { errorsOfEach, type FieldError, forbidden } from './field-error.ts';

const FIELD = 'spec.ephemeralContainers';

/** @see Kubernetes ValidatePodEphemeralContainersUpdate */
export function validateEphemeralContainersUpdate({ spec }: Pod, { spec: old }: Pod): FieldError[] {
  // Of one name the first counts.
  const byName = new Map((spec.ephemeralContainers ?? []).toReversed().map((now) => [now.name, now]));
  return errorsOfEach(old.ephemeralContainers ?? [], (existing) => {
    const kept = byName.get(existing.name);
    if (kept !== undefined && equalJson(kept as unknown as JsonValue, existing as unknown as JsonValue))
      return [];
    const fate = kept === undefined ? 'removed' : 'changed';
    return [forbidden(FIELD, `existing ephemeral containers "${existing.name}" may not be ${fate}`)];
  });
}
