/**
 * Validation of what a claim was given: its allocation, and what drivers say of the devices.
 * @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateAllocationResult, validateDeviceStatus
 */
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
} from '../generated/resource-v1.ts';
import { validateNodeSelector } from './affinity.ts';
import { validateList, validateSet } from './bounded-list.ts';
import { validateConditions } from './conditions.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { validateBindingConditions } from './device-binding.ts';
import {
  validateDeviceConfig,
  validateRawObject,
  validateReference,
  validateReferences,
} from './device-claim.ts';
import { validateLabel, validatePoolName, validateUuid } from './device-names.ts';
import { validateDeviceTolerations } from './device-toleration.ts';
import { oneInOrder } from './field-checks.ts';
import { type FieldError, invalid, required, tooLong, tooMany } from './field-error.ts';
import { validateInterfaceAddress } from './interface-address.ts';
import { utf8Length } from './names.ts';

const RESULTS_MAX = 32;
/** Of the class and of the claim. */
const CONFIGS_MAX = 2 * 32;
const CONDITIONS_MAX = 8;
const ADDRESSES_MAX = 16;
const INTERFACE_NAME_MAX = 256;
const HARDWARE_ADDRESS_MAX = 128;
const SOURCES = ['FromClaim', 'FromClass'];

/** @param names  of the claim's requests */
export function validateAllocation(
  { devices = {}, nodeSelector }: AllocationResult,
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const { results = [], config = [] } = devices;
  return [
    ...validateList(results, RESULTS_MAX, `${field}.devices.results`, (result, at) =>
      validateResult(result, at, names),
    ),
    ...validateList(config, CONFIGS_MAX, `${field}.devices.config`, (item, at) => [
      ...validateSource(item, `${at}.source`),
      ...validateReferences(item.requests ?? [], `${at}.requests`, names),
      ...validateDeviceConfig(item, at),
    ]),
    ...(nodeSelector === undefined ? [] : validateNodeSelector(nodeSelector, `${field}.nodeSelector`)),
  ];
}

function validateResult(
  result: Partial<DeviceRequestAllocationResult>,
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  return [
    ...validateReference(result.request ?? '', `${field}.request`, names),
    ...validateDeviceId(result, field),
    ...validateBindingConditions(result, field),
    ...validateDeviceTolerations(result.tolerations ?? [], `${field}.tolerations`),
    ...validateShare(result, field),
  ];
}

type DeviceId = Partial<Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>>;

function validateDeviceId({ driver, pool, device }: DeviceId, field: string): FieldError[] {
  return [
    ...validateCsiDriverName(driver, `${field}.driver`),
    ...validatePoolName(pool, `${field}.pool`),
    ...validateLabel(device, `${field}.device`),
  ];
}

function validateShare({ shareID }: DeviceId, field: string): FieldError[] {
  return shareID === undefined ? [] : validateUuid(shareID, `${field}.shareID`);
}

function validateSource({ source }: Partial<DeviceAllocationConfiguration>, field: string): FieldError[] {
  return source ? oneInOrder(field, source, SOURCES) : [required(field)];
}

/**
 * `driver/pool/device`, and the share of a device that several claims share.
 * Differs: upstream shows an empty structure where it complains of one.
 */
function deviceIdOf({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): string {
  return [driver, pool, device, ...(shareID === '' ? [] : [shareID])].join('/');
}

export function validateDeviceStatuses(
  statuses: readonly AllocatedDeviceStatus[],
  allocation: AllocationResult | undefined,
  field: string,
): FieldError[] {
  if (statuses.length === 0) return [];
  const allocated = new Set(allocation?.devices?.results?.map(deviceIdOf));
  return validateSet(statuses, Number.POSITIVE_INFINITY, field, {
    keyOf: deviceIdOf,
    errorsOf: (status, at) => validateDeviceStatus(status, at, allocated),
  });
}

function validateDeviceStatus(
  status: AllocatedDeviceStatus,
  field: string,
  allocated: ReadonlySet<string>,
): FieldError[] {
  const { conditions = [], data, networkData } = status;
  const id = deviceIdOf(status);
  const isAllocated = allocated.has(id);
  const isMany = conditions.length > CONDITIONS_MAX;
  return [
    ...validateDeviceId(status, field),
    ...validateShare(status, field),
    ...(isAllocated ? [] : [invalid(field, id, 'must be an allocated device in the claim')]),
    ...(isMany ? [tooMany(`${field}.conditions`, conditions.length, CONDITIONS_MAX)] : []),
    ...validateConditions(conditions, `${field}.conditions`),
    ...(data === undefined ? [] : validateRawObject(data, `${field}.data`)),
    ...(networkData === undefined ? [] : validateNetworkData(networkData, `${field}.networkData`)),
  ];
}

function validateNetworkData(
  { interfaceName = '', hardwareAddress = '', ips = [] }: NetworkDeviceData,
  field: string,
): FieldError[] {
  return [
    ...notLonger(interfaceName, INTERFACE_NAME_MAX, `${field}.interfaceName`),
    ...notLonger(hardwareAddress, HARDWARE_ADDRESS_MAX, `${field}.hardwareAddress`),
    ...validateSet(ips, ADDRESSES_MAX, `${field}.ips`, {
      keyOf: (address) => address,
      errorsOf: validateInterfaceAddress,
    }),
  ];
}

function notLonger(text: string, max: number, field: string): FieldError[] {
  return utf8Length(text) > max ? [tooLong(field, max)] : [];
}
