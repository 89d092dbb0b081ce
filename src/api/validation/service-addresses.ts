/** Validation of ServiceCIDRs and IPAddresses. @see kubernetes/kubernetes pkg/apis/networking/validation/validation.go */
import type { IPAddress, ParentReference, ServiceCIDR } from '../generated/networking-v1.ts';
import { formatIp, isMappedIpv4Text, parseIp } from '../ip-address.ts';
import { formatNetwork, parseNetwork } from '../ip-network.ts';
import { equalJson } from '../json.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { cidrFieldProblem, withoutLeadingZeros } from './ip-fields.ts';
import { dns1123SubdomainProblem, pathSegmentProblem } from './names.ts';

const IMMUTABLE = 'field is immutable';
const CIDRS = 'spec.cidrs';
const ONE_OF_EACH =
  'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';

export function validateServiceCidr({ spec }: ServiceCIDR): FieldError[] {
  const { cidrs = [] } = spec ?? {};
  if (cidrs.length === 0) return [required(CIDRS, 'at least one CIDR required')];
  // Upstream shows the structure itself.
  if (cidrs.length > 2) return [invalid(CIDRS, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  if (cidrs.length === 2) {
    const [first, second] = cidrs.map((cidr) => parseNetwork(withoutLeadingZeros(cidr))?.address.family);
    if (first === undefined || second === undefined || first === second)
      return [invalid(CIDRS, { CIDRs: cidrs }, ONE_OF_EACH)];
  }
  return cidrs.flatMap((cidr, i) => named(`${CIDRS}[${i}]`, cidr, cidrProblem(cidr)));
}

/** A range of the other family may be added, and nothing else changes. */
export function validateServiceCidrUpdate(cidr: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const [now, before] = [cidr.spec?.cidrs ?? [], old.spec.cidrs ?? []];
  const isAdded = before.length === 1 && now.length === 2;
  if (!isAdded && now.length !== before.length) return [invalid(CIDRS, now, IMMUTABLE)];
  const changed = before.flatMap((text, i) =>
    text === now[i] ? [] : [invalid(`${CIDRS}[${i}]`, now[i], IMMUTABLE)],
  );
  return isAdded && changed.length === 0 ? validateServiceCidr(cidr) : changed;
}

/** Objects come as they are sent. */
interface SentAddress {
  spec?: { parentRef?: Partial<ParentReference> };
}

export function validateIpAddress({ spec }: SentAddress): FieldError[] {
  const at = 'spec.parentRef';
  if (spec?.parentRef === undefined) return [required(at)];
  const { group = '', resource = '', namespace = '', name = '' } = spec.parentRef;
  const segment = (field: string, value: string) =>
    value === '' ? [required(`${at}.${field}`)] : named(`${at}.${field}`, value, pathSegmentProblem(value));
  return [
    ...(group === '' ? [] : named(`${at}.group`, group, dns1123SubdomainProblem(group))),
    ...segment('resource', resource),
    ...segment('name', name),
    ...(namespace === '' ? [] : segment('namespace', namespace)),
  ];
}

export function validateIpAddressUpdate(address: IPAddress, old: IPAddress): FieldError[] {
  const errors = validateIpAddress(address);
  if (!equalJson(address.spec?.parentRef, old.spec.parentRef))
    errors.push(invalid('spec.parentRef', address.spec?.parentRef, IMMUTABLE));
  return errors;
}

/** The name of an IPAddress is the address, in the one form that it has. */
export function addressNameProblem(text: string): string | undefined {
  const address = parseIp(text);
  if (address !== undefined) {
    const canonical = formatIp(address);
    return canonical === text ? undefined : mustBeCanonical(canonical);
  }
  if (parseIp(withoutLeadingZeros(text)) !== undefined) return 'must not have leading 0s';
  if (isMappedIpv4Text(text)) return 'must not be an IPv4-mapped IPv6 address';
  return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
}

function cidrProblem(text: string): string | undefined {
  const problem = cidrFieldProblem(text);
  const network = parseNetwork(text);
  if (problem !== undefined || network === undefined) return problem;
  const canonical = formatNetwork(network);
  return canonical === text ? undefined : mustBeCanonical(canonical);
}

function mustBeCanonical(text: string): string {
  return `must be in canonical form (${JSON.stringify(text)})`;
}

function named(field: string, value: string, problem: string | undefined): FieldError[] {
  return problem === undefined ? [] : [invalid(field, value, problem)];
}
