/**
 * Validation of what devices are asked for: requests, what they have in common, and configuration for their drivers.
 * Expressions are measured, not compiled: nothing here allocates devices.
 * @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateDeviceClaim
 */
import type {
  DeviceClaim,
  DeviceClassConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  OpaqueDeviceConfiguration,
} from '../generated/resource-v1.ts';
import { named, namedRequired } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  invalid,
  required,
  tooLong,
  tooMany,
  unsupported,
} from './field-error.ts';
import { cIdentifierProblem, dns1123LabelProblem, dns1123SubdomainProblem, utf8Length } from './names.ts';
import { validateCsiDriverName } from './volume-sources.ts';

const LIST_MAX = 32;
const ALTERNATIVES_MAX = 8;
const IDENTIFIER_MAX = 32;
const TEXT_MAX_BYTES = 10 * 1024;
const MODES = ['All', 'ExactCount'];
const UNION = 'exactly one of `exactly` or `firstAvailable` is required';

export function validateDeviceClaim(claim: DeviceClaim, field: string): FieldError[] {
  const { requests = [], constraints = [], config = [] } = claim;
  const names = requestNames(requests);
  return [
    ...validateSet(requests, LIST_MAX, `${field}.requests`, validateRequest),
    ...validateList(constraints, LIST_MAX, `${field}.constraints`, (constraint, at) =>
      validateConstraint(constraint, at, names),
    ),
    ...validateList(config, LIST_MAX, `${field}.config`, (item, at) => [
      ...validateReferences(item.requests ?? [], `${at}.requests`, names),
      ...validateDeviceConfig(item, at),
    ]),
  ];
}

/** A list that is too long is judged no further. */
export function validateList<T>(
  items: readonly T[],
  max: number,
  field: string,
  errorsOf: (item: T, field: string) => FieldError[],
): FieldError[] {
  if (items.length > max) return [tooMany(field, items.length, max)];
  return errorsOfEach(items, (item, index) => errorsOf(item, `${field}[${index}]`));
}

function validateSet<T extends { name: string }>(
  items: readonly T[],
  max: number,
  field: string,
  errorsOf: (item: T, field: string) => FieldError[],
): FieldError[] {
  const seen = new Set<string>();
  return validateList(items, max, field, (item, at) => {
    const repeated = seen.has(item.name) ? [duplicate(at, item.name)] : [];
    seen.add(item.name);
    return [...errorsOf(item, at), ...repeated];
  });
}

/** `request`, and `request/alternative` of those that have some. */
function requestNames(requests: readonly DeviceRequest[]): ReadonlySet<string> {
  const alternativesOf = ({ name, firstAvailable = [] }: DeviceRequest) =>
    firstAvailable.slice(0, ALTERNATIVES_MAX + 1).map((alternative) => `${name}/${alternative.name}`);
  return new Set(
    requests.slice(0, LIST_MAX).flatMap((request) => [request.name, ...alternativesOf(request)]),
  );
}

function validateRequest(
  { name = '', exactly, firstAvailable = [] }: Partial<DeviceRequest>,
  field: string,
): FieldError[] {
  const errors = named(`${field}.name`, name, dns1123LabelProblem(name));
  if (exactly === undefined && firstAvailable.length === 0) return [...errors, required(field, UNION)];
  if (exactly !== undefined && firstAvailable.length > 0)
    return [...errors, invalid(field, undefined, `${UNION}, but multiple fields are set`)];
  if (exactly !== undefined) return [...errors, ...validateWanted(exactly, `${field}.exactly`)];
  const alternatives = validateSet(
    firstAvailable,
    ALTERNATIVES_MAX,
    `${field}.firstAvailable`,
    (item, at) => [
      ...named(`${at}.name`, item.name, dns1123LabelProblem(item.name)),
      ...validateWanted(item, at),
    ],
  );
  return [...errors, ...alternatives];
}

type Wanted = Partial<Pick<DeviceSubRequest, 'deviceClassName' | 'selectors' | 'allocationMode' | 'count'>>;

function validateWanted(wanted: Wanted, field: string): FieldError[] {
  const { deviceClassName = '', selectors = [], allocationMode = '', count = 0 } = wanted;
  const errors = [
    ...namedRequired(`${field}.deviceClassName`, deviceClassName, dns1123SubdomainProblem),
    ...validateSelectors(selectors, `${field}.selectors`),
  ];
  if (allocationMode === 'All' && count !== 0)
    errors.push(invalid(`${field}.count`, count, "must not be specified when allocationMode is 'All'"));
  if (allocationMode === 'ExactCount' && count <= 0)
    errors.push(invalid(`${field}.count`, count, 'must be greater than zero'));
  if (!MODES.includes(allocationMode))
    errors.push(unsupported(`${field}.allocationMode`, allocationMode, MODES));
  return errors;
}

export function validateSelectors(selectors: readonly DeviceSelector[], field: string): FieldError[] {
  return validateList(selectors, LIST_MAX, field, ({ cel }, at) => {
    if (cel === undefined) return [required(`${at}.cel`)];
    const isLong = utf8Length(cel.expression ?? '') > TEXT_MAX_BYTES;
    return isLong ? [tooLong(`${at}.cel.expression`, TEXT_MAX_BYTES)] : [];
  });
}

function validateConstraint(
  { requests = [], matchAttribute, distinctAttribute }: DeviceConstraint,
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = validateReferences(requests, `${field}.requests`, names);
  if (matchAttribute !== undefined)
    return [...errors, ...validateAttribute(matchAttribute, `${field}.matchAttribute`)];
  if (distinctAttribute !== undefined)
    return [...errors, ...validateAttribute(distinctAttribute, `${field}.distinctAttribute`)];
  const detail =
    'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, detail)];
}

/** `domain/name`. */
function validateAttribute(name: string, field: string): FieldError[] {
  const parts = name.split('/');
  if (parts.length > 2) return [invalid(field, name, 'must not contain more than one slash')];
  const [identifier = '', domain] = parts.reverse();
  const errors: FieldError[] = [];
  if (domain === '') errors.push(invalid(field, '', 'the domain must not be empty'));
  else if (domain !== undefined) errors.push(...validateCsiDriverName(domain, field));
  if (domain !== undefined && identifier === '')
    errors.push(invalid(field, '', 'the name must not be empty'));
  else {
    if (identifier.length > IDENTIFIER_MAX) errors.push(tooLong(field, IDENTIFIER_MAX));
    errors.push(...named(field, identifier, cIdentifierProblem(identifier)));
  }
  if (domain === undefined)
    errors.push(
      invalid(field, name, 'a fully qualified name must be a domain and a name separated by a slash'),
    );
  return errors;
}

function validateReferences(
  references: readonly string[],
  field: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const detail =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const seen = new Set<string>();
  return validateList(references, LIST_MAX, field, (name, at) => {
    const parts = name.split('/');
    const errors =
      parts.length > 2 ? [] : parts.flatMap((part) => named(at, part, dns1123LabelProblem(part)));
    if (!names.has(name)) errors.push(invalid(at, name, detail));
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    return errors;
  });
}

export function validateDeviceConfig({ opaque }: DeviceClassConfiguration, field: string): FieldError[] {
  if (opaque === undefined) return [required(`${field}.opaque`)];
  const { driver, parameters }: Partial<OpaqueDeviceConfiguration> = opaque;
  const errors = validateCsiDriverName(driver, `${field}.opaque.driver`);
  const at = `${field}.opaque.parameters`;
  if (parameters === undefined || parameters === null) errors.push(required(at));
  else if (utf8Length(JSON.stringify(parameters)) > TEXT_MAX_BYTES) errors.push(tooLong(at, TEXT_MAX_BYTES));
  else if (typeof parameters !== 'object' || Array.isArray(parameters))
    errors.push(invalid(at, '<value omitted>', 'must be a valid JSON object'));
  return errors;
}
