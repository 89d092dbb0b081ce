/**
 * Validation of what devices are asked for: requests, what they have in common, and configuration for their drivers.
 * @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateDeviceClaim
 */
import { CompileBudget } from '../cel/compile-budget.ts';
import type {
  DeviceClaim,
  DeviceClassConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  OpaqueDeviceConfiguration,
} from '../generated/resource-v1.ts';
import type { JsonValue } from '../json.ts';
import { validateList, validateSet } from './bounded-list.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { validateFullAttributeName, validateLabel } from './device-names.ts';
import { validateSelectors } from './device-selector.ts';
import { validateDeviceTolerations } from './device-toleration.ts';
import { namedRequired } from './field-checks.ts';
import { type FieldError, invalid, required, tooLong, unsupported } from './field-error.ts';
import { dns1123SubdomainProblem, utf8Length } from './names.ts';

const LIST_MAX = 32;
const ALTERNATIVES_MAX = 8;
const TEXT_MAX_BYTES = 10 * 1024;
const MODES = ['All', 'ExactCount'];
const UNION = 'exactly one of `exactly` or `firstAvailable` is required';

export function validateDeviceClaim(claim: DeviceClaim, field: string): FieldError[] {
  const { requests = [], constraints = [], config = [] } = claim;
  const names = requestNamesOf(claim);
  const budget = new CompileBudget();
  return [
    ...validateSet(requests, LIST_MAX, `${field}.requests`, {
      keyOf: nameOf,
      errorsOf: (request, at) => validateRequest(request, at, budget),
    }),
    ...validateList(constraints, LIST_MAX, `${field}.constraints`, (constraint, at) =>
      validateConstraint(constraint, at, names),
    ),
    ...validateList(config, LIST_MAX, `${field}.config`, (item, at) => [
      ...validateReferences(item.requests ?? [], `${at}.requests`, names),
      ...validateDeviceConfig(item, at),
    ]),
  ];
}

/** `request`, and `request/alternative` of those that have some. */
export function requestNamesOf({ requests = [] }: DeviceClaim): ReadonlySet<string> {
  const alternativesOf = ({ name, firstAvailable = [] }: DeviceRequest) =>
    firstAvailable.slice(0, ALTERNATIVES_MAX + 1).map((alternative) => `${name}/${alternative.name}`);
  return new Set(
    requests.slice(0, LIST_MAX).flatMap((request) => [request.name, ...alternativesOf(request)]),
  );
}

function nameOf({ name = '' }: { name?: string }): string {
  return name;
}

function validateRequest(
  { name, exactly, firstAvailable = [] }: Partial<DeviceRequest>,
  field: string,
  budget: CompileBudget,
): FieldError[] {
  const errors = validateLabel(name, `${field}.name`);
  if (exactly === undefined && firstAvailable.length === 0) return [...errors, required(field, UNION)];
  if (exactly !== undefined && firstAvailable.length > 0)
    return [...errors, invalid(field, undefined, `${UNION}, but multiple fields are set`)];
  if (exactly !== undefined) return [...errors, ...validateWanted(exactly, `${field}.exactly`, budget)];
  const alternatives = validateSet(firstAvailable, ALTERNATIVES_MAX, `${field}.firstAvailable`, {
    keyOf: nameOf,
    errorsOf: (item, at) => [...validateLabel(item.name, `${at}.name`), ...validateWanted(item, at, budget)],
  });
  return [...errors, ...alternatives];
}

type Wanted = Partial<
  Pick<DeviceSubRequest, 'deviceClassName' | 'selectors' | 'allocationMode' | 'count' | 'tolerations'>
>;

function validateWanted(wanted: Wanted, field: string, budget: CompileBudget): FieldError[] {
  const { deviceClassName = '', selectors = [], allocationMode = '', count = 0, tolerations = [] } = wanted;
  const errors = [
    ...namedRequired(`${field}.deviceClassName`, deviceClassName, dns1123SubdomainProblem),
    ...validateSelectors(selectors, `${field}.selectors`, budget),
  ];
  if (allocationMode === 'All' && count !== 0)
    errors.push(invalid(`${field}.count`, count, "must not be specified when allocationMode is 'All'"));
  if (allocationMode === 'ExactCount' && count <= 0)
    errors.push(invalid(`${field}.count`, count, 'must be greater than zero'));
  if (!MODES.includes(allocationMode))
    errors.push(unsupported(`${field}.allocationMode`, allocationMode, MODES));
  return [...errors, ...validateDeviceTolerations(tolerations, `${field}.tolerations`)];
}

function validateConstraint(
  { requests = [], matchAttribute, distinctAttribute }: DeviceConstraint,
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = validateReferences(requests, `${field}.requests`, names);
  if (matchAttribute !== undefined)
    return [...errors, ...validateFullAttributeName(matchAttribute, `${field}.matchAttribute`)];
  if (distinctAttribute !== undefined)
    return [...errors, ...validateFullAttributeName(distinctAttribute, `${field}.distinctAttribute`)];
  const detail =
    'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, detail)];
}

/** To requests of the claim. */
export function validateReferences(
  references: readonly string[],
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  return validateSet(references, LIST_MAX, field, {
    keyOf: (name) => name,
    errorsOf: (name, at) => validateReference(name, at, names),
  });
}

export function validateReference(name: string, field: string, names: ReadonlySet<string>): FieldError[] {
  const parts = name.split('/');
  const errors = parts.length > 2 ? [] : parts.flatMap((part) => validateLabel(part, field));
  const why =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  return names.has(name) ? errors : [...errors, invalid(field, name, why)];
}

/** @param wasStored  parameters may be longer than what is accepted now */
export function validateDeviceConfig(
  { opaque }: DeviceClassConfiguration,
  field: string,
  wasStored = false,
): FieldError[] {
  if (opaque === undefined) return [required(`${field}.opaque`)];
  const { driver, parameters }: Partial<OpaqueDeviceConfiguration> = opaque;
  return [
    ...validateCsiDriverName(driver, `${field}.opaque.driver`),
    ...validateRawObject(parameters, `${field}.opaque.parameters`, wasStored),
  ];
}

/** JSON that only a driver understands. */
export function validateRawObject(
  value: JsonValue | undefined,
  field: string,
  wasStored = false,
): FieldError[] {
  if (value === undefined || value === null) return [required(field)];
  if (!wasStored && utf8Length(JSON.stringify(value)) > TEXT_MAX_BYTES)
    return [tooLong(field, TEXT_MAX_BYTES)];
  const isObject = typeof value === 'object' && !Array.isArray(value);
  return isObject ? [] : [invalid(field, '<value omitted>', 'must be a valid JSON object')];
}
