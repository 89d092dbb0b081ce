/** Validation of ResourceClaims, their templates and DeviceClasses. @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go */
import { CompileBudget } from '../cel/compile-budget.ts';
import type {
  DeviceClass,
  DeviceClassSpec,
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimTemplate,
} from '../generated/resource-v1.ts';
import { equalJson } from '../json.ts';
import { isExtendedResource } from '../resource-names.ts';
import { validateList, validateSet } from './bounded-list.ts';
import { requestNamesOf, validateDeviceClaim, validateDeviceConfig } from './device-claim.ts';
import { validateSelectors } from './device-selector.ts';
import { validateAllocation, validateDeviceStatuses } from './device-status.ts';
import { requiredFields } from './field-checks.ts';
import { type FieldError, forbidden, invalid } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
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
  return validateImmutable('spec', spec, old.spec);
}

/** What was allocated moves no more; it is judged once. */
export function validateResourceClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor = [], allocation, devices = [] } = claim.status ?? {};
  const before = old.status?.allocation;
  const field = 'status.allocation';
  const errors = [
    ...validateSet(reservedFor, CONSUMERS_MAX, 'status.reservedFor', {
      keyOf: ({ uid = '' }: Consumer) => uid,
      errorsOf: (consumer: Consumer, at) => requiredFields(at, consumer, ['resource', 'name', 'uid']),
    }),
    ...validateDeviceStatuses(devices, allocation, 'status.devices'),
    ...validateReservation(claim, old),
  ];
  if (allocation === undefined) return errors;
  const names = requestNamesOf(claim.spec.devices ?? {});
  const judged =
    before === undefined
      ? validateAllocation(allocation, field, names)
      : validateImmutable(field, allocation, before);
  return [...errors, ...judged];
}

type Consumer = Partial<ResourceClaimConsumerReference>;

/** Only what is allocated is reserved; what is being deleted, for nobody new. */
function validateReservation({ status, metadata }: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor = [], allocation } = status ?? {};
  const field = 'status.reservedFor';
  if (reservedFor.length === 0) return [];
  if (allocation === undefined) return [forbidden(field, 'may not be specified when `allocated` is not set')];
  if (metadata.deletionTimestamp === undefined) return [];
  const known = new Set(old.status?.reservedFor?.map(showConsumer));
  if (reservedFor.every((consumer) => known.has(showConsumer(consumer)))) return [];
  const why = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [forbidden(field, why)];
}

function showConsumer({ apiGroup = '', resource, name, uid }: ResourceClaimConsumerReference): string {
  return JSON.stringify([apiGroup, resource, name, uid]);
}

export function validateDeviceClass({ spec = {} }: { spec?: DeviceClassSpec }): FieldError[] {
  return validateClassSpec(spec, {});
}

/** Expressions and parameters that stay are not judged again. */
export function validateDeviceClassUpdate(
  { spec = {} }: { spec?: DeviceClassSpec },
  old: DeviceClass,
): FieldError[] {
  return validateClassSpec(spec, old.spec);
}

function validateClassSpec(spec: DeviceClassSpec, old: DeviceClassSpec): FieldError[] {
  const { selectors = [], config = [], extendedResourceName: name } = spec;
  const [isSameChoice, isSameConfig] = [equalJson(selectors, old.selectors), equalJson(config, old.config)];
  const errors = [
    ...validateSelectors(selectors, 'spec.selectors', isSameChoice ? undefined : new CompileBudget()),
    ...validateList(config, CLASS_LIST_MAX, 'spec.config', (item, at) =>
      validateDeviceConfig(item, at, isSameConfig),
    ),
  ];
  if (name !== undefined && !isExtendedResource(name))
    errors.push(invalid('spec.extendedResourceName', name, 'must be a valid extended resource name'));
  return errors;
}
