/** Validation of CSIDrivers. @see kubernetes/kubernetes pkg/apis/storage/validation/validation.go ValidateCSIDriver */
import type { CSIDriver, TokenRequest } from '../generated/storage-v1.ts';
import { oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, unsupported } from './field-error.ts';
import { validateImmutable } from './immutable.ts';

const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];
const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;
const UPDATE_PERIOD_SECONDS_MIN = 10;

export function validateCsiDriver({ spec }: CSIDriver): FieldError[] {
  const { tokenRequests = [], volumeLifecycleModes = [] } = spec;
  const errors = [
    ...oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, FS_GROUP_POLICIES),
    ...validateTokenRequests(tokenRequests),
    ...errorsOfEach(volumeLifecycleModes, (mode) =>
      LIFECYCLE_MODES.includes(mode) ? [] : [unsupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES)],
    ),
  ];
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < UPDATE_PERIOD_SECONDS_MIN) {
    const detail = `must be greater than or equal to ${UPDATE_PERIOD_SECONDS_MIN} seconds`;
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, detail));
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid('spec.serviceAccountTokenInSecrets', inSecrets, detail));
  }
  return errors;
}

function validateTokenRequests(requests: readonly TokenRequest[]): FieldError[] {
  const audiences = new Set<string>();
  return errorsOfEach(requests, ({ audience, expirationSeconds }, index) => {
    const field = `spec.tokenRequests[${index}]`;
    if (audiences.has(audience)) return [duplicate(`${field}.audience`, audience)];
    audiences.add(audience);
    const at = `${field}.expirationSeconds`;
    if (expirationSeconds === undefined) return [];
    if (expirationSeconds < TOKEN_SECONDS_MIN)
      return [invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes')];
    return expirationSeconds > TOKEN_SECONDS_MAX
      ? [invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  });
}

/** How volumes come to be is fixed; how they are mounted is not. */
export function validateCsiDriverUpdate(driver: CSIDriver, old: CSIDriver): FieldError[] {
  const [now, before] = [driver.spec, old.spec];
  return [
    ...validateCsiDriver(driver),
    // Upstream spells it so.
    ...validateImmutable('spec.attachedRequired', now.attachRequired, before.attachRequired),
    ...validateImmutable('spec.volumeLifecycleModes', now.volumeLifecycleModes, before.volumeLifecycleModes),
  ];
}
