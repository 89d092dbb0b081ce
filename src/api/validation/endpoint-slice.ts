/** Validation of EndpointSlices. @see kubernetes/kubernetes pkg/apis/discovery/validation/validation.go */
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../generated/discovery-v1.ts';
import { equalJson } from '../json.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required, tooMany } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { parseIpSloppily, validateEndpointIp, validateIp } from './ip-fields.ts';
import {
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  labelValueProblem,
  qualifiedNameProblem,
} from './names.ts';
import { requiredOneOf } from './required-one-of.ts';
import { PROTOCOLS } from './service-ports.ts';

const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const HINTS_MAX = 8;

export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  return [...validateFrame(slice), ...validateEndpointsOf(slice)];
}

/** Endpoints that stay as they were may be what is taken no more. */
export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): FieldError[] {
  const wrong = validateEndpointsOf(slice);
  return [
    ...validateFrame(slice),
    ...(wrong.length > 0 && equalJson(slice.endpoints, old.endpoints) ? [] : wrong),
    ...validateImmutable('addressType', slice.addressType, old.addressType),
  ];
}

function validateFrame({ addressType, ports = [] }: EndpointSlice): FieldError[] {
  const errors = requiredOneOf('addressType', addressType, ['FQDN', 'IPv4', 'IPv6']);
  if (ports.length > PORTS_MAX) return [...errors, tooMany('ports', ports.length, PORTS_MAX)];
  const names = new Set<string>();
  return [...errors, ...errorsOfEach(ports, (port, i) => validatePort(port, `ports[${i}]`, names))];
}

function validatePort(port: EndpointPort, field: string, names: Set<string>): FieldError[] {
  const { name = '', appProtocol } = port;
  const errors = name === '' ? [] : named(`${field}.name`, name, dns1123LabelProblem(name));
  if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
  names.add(name);
  errors.push(...requiredOneOf(`${field}.protocol`, port.protocol, PROTOCOLS));
  if (appProtocol === undefined) return errors;
  return [...errors, ...named(`${field}.appProtocol`, appProtocol, qualifiedNameProblem(appProtocol))];
}

function validateEndpointsOf({ addressType, endpoints = [] }: EndpointSlice): FieldError[] {
  if (endpoints.length > ENDPOINTS_MAX) return [tooMany('endpoints', endpoints.length, ENDPOINTS_MAX)];
  return errorsOfEach(endpoints, (endpoint, index) =>
    validateEndpoint(endpoint, `endpoints[${index}]`, addressType),
  );
}

function validateEndpoint(endpoint: Partial<Endpoint>, field: string, addressType: string): FieldError[] {
  const { addresses = [], nodeName, hostname, hints } = endpoint;
  const errors: FieldError[] = [];
  const at = `${field}.addresses`;
  if (addresses.length === 0) errors.push(required(at, 'must contain at least 1 address'));
  if (addresses.length > ADDRESSES_MAX) errors.push(tooMany(at, addresses.length, ADDRESSES_MAX));
  const validateAddress = ADDRESSES.get(addressType);
  if (validateAddress !== undefined)
    errors.push(...errorsOfEach(addresses, (address, i) => validateAddress(address, `${at}[${i}]`)));
  if (nodeName !== undefined)
    errors.push(...named(`${field}.nodeName`, nodeName, dns1123SubdomainProblem(nodeName)));
  if (hostname !== undefined)
    errors.push(...named(`${field}.hostname`, hostname, dns1123LabelProblem(hostname)));
  return hints === undefined ? errors : [...errors, ...validateHints(hints, `${field}.hints`)];
}

const ADDRESSES: ReadonlyMap<string, (address: string, field: string) => FieldError[]> = new Map([
  ['FQDN', validateDomainName],
  ['IPv4', (address, field) => validateAddressOf(address, field, 4)],
  ['IPv6', (address, field) => validateAddressOf(address, field, 6)],
]);

function validateAddressOf(address: string, field: string, family: 4 | 6): FieldError[] {
  const errors = validateIp(field, address);
  if (errors.length > 0) return errors;
  const isOther = parseIpSloppily(address)?.family !== family;
  if (isOther) errors.push(invalid(field, address, `must be an IPv${family} address`));
  return [...errors, ...validateEndpointIp(field, address)];
}

/** At least two labels, with or without the dot that ends a complete name. */
function validateDomainName(address: string, field: string): FieldError[] {
  if (address === '') return [required(field)];
  const name = address.replace(/\.$/, '');
  const problem = dns1123SubdomainProblem(name);
  if (problem !== undefined) return [invalid(field, name, problem)];
  if (!name.includes('.'))
    return [invalid(field, name, 'should be a domain with at least two segments separated by dots')];
  const label = name.split('.').find((part) => dns1123LabelProblem(part) !== undefined);
  return label === undefined ? [] : named(field, label, dns1123LabelProblem(label));
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, field: string): FieldError[] {
  return [
    ...validateHintNames(forZones, `${field}.forZones`, labelValueProblem),
    ...validateHintNames(forNodes, `${field}.forNodes`, dns1123SubdomainProblem),
  ];
}

function validateHintNames(
  hints: readonly { name?: string }[],
  field: string,
  problemOf: (name: string) => string | undefined,
): FieldError[] {
  if (hints.length > HINTS_MAX) return [tooMany(field, hints.length, HINTS_MAX)];
  const names = new Set<string>();
  return errorsOfEach(hints, ({ name = '' }, index) => {
    const path = `${field}[${index}].name`;
    const repeated = names.has(name) ? [duplicate(path, name)] : [];
    names.add(name);
    return [...repeated, ...named(path, name, problemOf(name))];
  });
}
