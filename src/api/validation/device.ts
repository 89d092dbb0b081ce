/** Validation of a device that a driver offers. @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateDevice */
import type {
  Counter,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
  DeviceTaint,
} from '../generated/resource-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { validateNodeSelector } from './affinity.ts';
import { validateList, validateMap, validateSet } from './bounded-list.ts';
import { validateBindingConditions } from './device-binding.ts';
import { validateDeviceCapacity } from './device-capacity.ts';
import {
  ATTRIBUTE_NAME_MAX,
  validateAttributeName,
  validateLabel,
  validateLabelKey,
} from './device-names.ts';
import { TAINT_EFFECTS } from './device-toleration.ts';
import { named, oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, required, tooLong } from './field-error.ts';
import { dns1123SubdomainProblem, LABEL_MAX, labelValueProblem, utf8Length } from './names.ts';

const ATTRIBUTES_AND_CAPACITIES_MAX = 32;
const MAP_MAX = 2 * ATTRIBUTES_AND_CAPACITIES_MAX;
const ATTRIBUTE_VALUES_MAX = 48;
const ATTRIBUTE_TEXT_MAX = 64;
const TAINTS_MAX = 16;
const CONSUMPTIONS_MAX = 2;
const COUNTERS_MAX = 32;

interface DeviceContext {
  /** The device by this name before: what it has of old is not judged again. */
  old: Device | undefined;
  /** Each device says for itself on which nodes it can be used. */
  choosesNodes: boolean;
}

/** Devices come as they are sent: what is required may be absent. */
export function validateDevice(
  device: Partial<Device>,
  field: string,
  { old, choosesNodes }: DeviceContext,
): FieldError[] {
  const { capacity = {}, taints = [], consumesCounters = [] } = device;
  return [
    ...validateLabel(device.name, `${field}.name`),
    ...validateAttributes(device, field),
    ...(isSame(capacity, old?.capacity) ? [] : validateCapacities(device, `${field}.capacity`)),
    ...(isSame(taints, old?.taints)
      ? []
      : validateList(taints, TAINTS_MAX, `${field}.taints`, validateTaint)),
    ...validateSet(consumesCounters, CONSUMPTIONS_MAX, `${field}.consumesCounters`, {
      keyOf: ({ counterSet = '' }: Partial<DeviceCounterConsumption>) => counterSet,
      errorsOf: ({ counterSet, counters }: Partial<DeviceCounterConsumption>, at) => [
        ...validateCounterSetName(counterSet, `${at}.counterSet`),
        ...validateCounters(counters, `${at}.counters`),
      ],
    }),
    ...(choosesNodes ? validateNodeChoice(device, field) : validateNoNodeChoice(device, field)),
    ...validateBindingConditions(device, field),
  ];
}

function isSame(now: unknown, before: unknown): boolean {
  return before !== undefined && equalJson(now as JsonValue, before as JsonValue);
}

const LISTS = ['bools', 'ints', 'strings', 'versions'] as const;
const SCALARS = ['bool', 'int', 'string', 'version'] as const;

function validateAttributes(
  { attributes = {}, capacity = {} }: Partial<Device>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const most = (count: number, max: number, what: string) => {
    if (count > max) errors.push(invalid(field, count, `the total number of ${what} must not exceed ${max}`));
  };
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  most(count, ATTRIBUTES_AND_CAPACITIES_MAX, 'attributes and capacities');
  const values = Object.values(attributes).reduce((sum, attribute) => sum + countValues(attribute), 0);
  most(values, ATTRIBUTE_VALUES_MAX, 'attribute values');
  const listed = validateMap(firstOf(attributes), MAP_MAX, `${field}.attributes`, {
    errorsOfKey: validateAttributeName,
    errorsOf: validateAttribute,
    shownKeyMax: ATTRIBUTE_NAME_MAX,
  });
  return [...errors, ...listed];
}

/** So many that a device with them is refused for their number: more are not worth judging. */
function firstOf<T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const entries = Object.entries(map);
  return entries.length > MAP_MAX ? Object.fromEntries(entries.slice(0, MAP_MAX)) : map;
}

function countValues({ bools, ints, strings, versions }: DeviceAttribute): number {
  const listed =
    (bools?.length ?? 0) + (ints?.length ?? 0) + (strings?.length ?? 0) + (versions?.length ?? 0);
  return listed || 1;
}

function validateAttribute(attribute: DeviceAttribute, field: string): FieldError[] {
  const { string, version, strings = [], versions = [] } = attribute;
  const errors = [
    ...(string === undefined ? [] : validateText(string, `${field}.string`)),
    ...(version === undefined ? [] : validateVersion(version, `${field}.version`)),
    ...LISTS.filter((list) => attribute[list]?.length === 0).map((list) =>
      invalid(`${field}.${list}`, [], 'must not be empty if specified'),
    ),
    ...errorsOfEach(strings, (text, index) => validateText(text, `${field}.strings[${index}]`)),
    ...errorsOfEach(versions, (text, index) => validateVersion(text, `${field}.versions[${index}]`)),
  ];
  const given = [...SCALARS, ...LISTS].filter((name) => attribute[name] !== undefined).length;
  if (given === 1) return errors;
  return [...errors, invalid(field, given === 0 ? '' : attribute, 'exactly one value must be specified')];
}

function validateText(text: string, field: string): FieldError[] {
  return utf8Length(text) > ATTRIBUTE_TEXT_MAX ? [tooLong(field, ATTRIBUTE_TEXT_MAX)] : [];
}

const NUMBER = '(0|[1-9]\\d*)';
const PRERELEASE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const BUILD = '[0-9a-zA-Z-]+';
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRERELEASE}(\\.${PRERELEASE})*)?(\\+${BUILD}(\\.${BUILD})*)?$`,
);

function validateVersion(version: string, field: string): FieldError[] {
  const why = 'must be a string compatible with semver.org spec 2.0.0';
  return [...(VERSION.test(version) ? [] : [invalid(field, version, why)]), ...validateText(version, field)];
}

function validateCapacities(
  { capacity = {}, allowMultipleAllocations }: Partial<Device>,
  field: string,
): FieldError[] {
  return validateMap<DeviceCapacity>(firstOf(capacity), MAP_MAX, field, {
    errorsOfKey: validateAttributeName,
    errorsOf: (one, at) => validateDeviceCapacity(one, at, allowMultipleAllocations === true),
    shownKeyMax: ATTRIBUTE_NAME_MAX,
  });
}

function validateTaint({ key, value = '', effect = '' }: Partial<DeviceTaint>, field: string): FieldError[] {
  return [
    ...validateLabelKey(key, `${field}.key`),
    ...named(`${field}.value`, value, labelValueProblem(value)),
    ...(effect === '' ? [required(`${field}.effect`)] : oneOf(`${field}.effect`, effect, TAINT_EFFECTS)),
  ];
}

export function validateCounterSetName(name: string | undefined, field: string): FieldError[] {
  return name ? validateLabel(name, field) : [required(field)];
}

export function validateCounters(counters: Record<string, Counter> = {}, field: string): FieldError[] {
  if (Object.keys(counters).length === 0) return [required(field)];
  return validateMap(counters, COUNTERS_MAX, field, {
    errorsOfKey: validateLabel,
    errorsOf: () => [],
    shownKeyMax: LABEL_MAX,
  });
}

function validateNodeChoice(
  { nodeName, nodeSelector, allNodes }: Partial<Device>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (nodeName === '') errors.push(invalid(`${field}.nodeName`, '', 'must not be empty'));
  else if (nodeName) errors.push(...named(`${field}.nodeName`, nodeName, dns1123SubdomainProblem(nodeName)));
  if (nodeSelector !== undefined) errors.push(...validateNodeSelector(nodeSelector, `${field}.nodeSelector`));
  if (allNodes === false)
    errors.push(invalid(`${field}.allNodes`, false, 'must be either unset or set to true'));
  const given = Object.entries({ nodeName, nodeSelector, allNodes }).filter(([, value]) => value);
  if (given.length === 1) return errors;
  const why =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  const shown = `{${given.map(([name]) => `\`${name}\``).join(', ')}}`;
  return [...errors, given.length === 0 ? required(field, why) : invalid(field, shown, why)];
}

function validateNoNodeChoice(
  { nodeName, nodeSelector, allNodes }: Partial<Device>,
  field: string,
): FieldError[] {
  const why =
    '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  const isChosen = [nodeName, nodeSelector, allNodes].some((value) => value !== undefined);
  return isChosen ? [invalid(field, undefined, why)] : [];
}
