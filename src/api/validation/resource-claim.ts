/** Validation of ResourceClaims, their templates and DeviceClasses. @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go */
import type { DeviceClass, ResourceClaim, ResourceClaimTemplate } from '../generated/resource-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { isExtendedResource } from '../resource-names.ts';
import {
  validateDeviceClaim,
  validateDeviceConfig,
  validateList,
  validateSelectors,
} from './device-claim.ts';
import { requiredFields } from './field-checks.ts';
import { duplicate, type FieldError, forbidden, invalid } from './field-error.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';

const CONSUMERS_MAX = 256;
const CLASS_LIST_MAX = 32;

/** Objects come as they are sent: what is required may be absent. */
export function validateResourceClaim({ spec }: Partial<ResourceClaim>): FieldError[] {
  return validateDeviceClaim(spec?.devices ?? {}, 'spec.devices');
}

export function validateResourceClaimTemplate({ spec }: Partial<ResourceClaimTemplate>): FieldError[] {
  const { labels, annotations } = spec?.metadata ?? {};
  return [
    ...validateAnnotations(annotations, 'spec.metadata.annotations'),
    ...validateLabels(labels, 'spec.metadata.labels'),
    ...validateDeviceClaim(spec?.spec?.devices ?? {}, 'spec.spec.devices'),
  ];
}

/** Of claims and their templates. What was valid is judged no more. */
export function validateFixedSpec({ spec }: { spec?: object }, old: { spec?: object }): FieldError[] {
  return isSame(spec, old.spec) ? [] : [invalid('spec', spec, 'field is immutable')];
}

export function validateResourceClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor = [], allocation } = claim.status ?? {};
  const before = old.status ?? {};
  const field = 'status.reservedFor';
  const seen = new Set<string>();
  const errors = validateList(reservedFor, CONSUMERS_MAX, field, (consumer, at) => {
    const repeated = seen.has(consumer.uid) ? [duplicate(at, consumer.uid)] : [];
    seen.add(consumer.uid);
    return [...requiredFields(at, consumer, ['resource', 'name', 'uid']), ...repeated];
  });
  if (reservedFor.length > 0 && allocation === undefined)
    errors.push(forbidden(field, 'may not be specified when `allocated` is not set'));
  const known = new Set(before.reservedFor?.map(({ uid }) => uid));
  const isGoing = claim.metadata.deletionTimestamp !== undefined;
  if (allocation !== undefined && isGoing && reservedFor.some(({ uid }) => !known.has(uid))) {
    const detail =
      'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
    errors.push(forbidden(field, detail));
  }
  const isMoved = before.allocation !== undefined && allocation !== undefined;
  if (isMoved && !isSame(allocation, before.allocation))
    errors.push(invalid('status.allocation', allocation, 'field is immutable'));
  return errors;
}

export function validateDeviceClass({ spec }: Partial<DeviceClass>): FieldError[] {
  const { selectors = [], config = [], extendedResourceName: name } = spec ?? {};
  const errors = [
    ...validateSelectors(selectors, 'spec.selectors'),
    ...validateList(config, CLASS_LIST_MAX, 'spec.config', validateDeviceConfig),
  ];
  if (name !== undefined && !isExtendedResource(name))
    errors.push(invalid('spec.extendedResourceName', name, 'must be a valid extended resource name'));
  return errors;
}

function isSame(value: unknown, old: unknown): boolean {
  return equalJson((value ?? null) as JsonValue, (old ?? null) as JsonValue);
}
