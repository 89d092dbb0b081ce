/**
 * Validation of fields that hold IP addresses and ranges, as strict as Kubernetes is by default since 1.36.
 *
 * What was stored before may stay: `kept` are the old object's values. Unlike the names of IPAddresses, these fields need
 * not be in canonical form.
 * @see k8s.io/apimachinery/pkg/util/validation/ip.go IsValidIPForLegacyField, IsValidCIDRForLegacyField
 */
import { type IpAddress, isMappedIpv4Text, parseIp } from '../ip-address.ts';
import {
  formatNetwork,
  type IpNetwork,
  isWithinNetwork,
  maskedNetwork,
  parseNetwork,
} from '../ip-network.ts';
import { type FieldError, invalid } from './field-error.ts';

const NONE: ReadonlySet<string> = new Set();

export function validateIp(field: string, text: string, kept = NONE): FieldError[] {
  const problem = ipFieldProblem(text);
  return problem === undefined || kept.has(text) ? [] : [invalid(field, text, problem)];
}

export function validateCidr(field: string, text: string, kept = NONE): FieldError[] {
  const problem = cidrFieldProblem(text);
  return problem === undefined || kept.has(text) ? [] : [invalid(field, text, problem)];
}

function ipFieldProblem(text: string): string | undefined {
  if (parseIp(text) !== undefined) return undefined;
  if (isMappedIpv4Text(text)) return 'must not be an IPv4-mapped IPv6 address';
  return parseIp(withoutLeadingZeros(text)) === undefined
    ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
    : 'must not have leading 0s';
}

export function cidrFieldProblem(text: string): string | undefined {
  const network = parseNetwork(text);
  if (network !== undefined) {
    const hasHostBits = formatNetwork(maskedNetwork(network)) !== formatNetwork(network);
    return hasHostBits ? 'must not have bits set beyond the prefix length' : undefined;
  }
  if (parseNetwork(withoutLeadingZeros(text)) !== undefined)
    return 'must not have leading 0s in IP or prefix length';
  const [address = '', prefix = ''] = text.split('/');
  const isMapped = isMappedIpv4Text(address) && parseNetwork(`::/${prefix}`) !== undefined;
  return isMapped
    ? 'must not have an IPv4-mapped IPv6 address'
    : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

/** Reads what older servers took, too: with leading zeros. */
export function parseIpSloppily(text: string): IpAddress | undefined {
  return parseIp(text) ?? parseIp(withoutLeadingZeros(text));
}

/** Of IPv4 addresses and of prefix lengths. */
export function withoutLeadingZeros(text: string): string {
  const pattern = text.includes(':') ? /(\/)0+(?=\d)/g : /(^|[./])0+(?=\d)/g;
  return text.replace(pattern, '$1');
}

interface SpecialRange {
  networks: readonly IpNetwork[];
  detail: string;
}

const LOOPBACK: SpecialRange = {
  networks: networks('127.0.0.0/8', '::1/128'),
  detail: 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
};
const LINK_LOCAL: readonly SpecialRange[] = [
  {
    networks: networks('169.254.0.0/16', 'fe80::/10'),
    detail: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    networks: networks('224.0.0.0/24', 'ff02::/16'),
    detail: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
];
const SPECIAL = [LOOPBACK, ...LINK_LOCAL];

function networks(...texts: string[]): IpNetwork[] {
  return texts.flatMap((text) => parseNetwork(text) ?? []);
}

/** An address that others reach. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateNonSpecialIP */
export function validateExternalIp(field: string, text: string): FieldError[] {
  return validateNonSpecial(field, text, SPECIAL);
}

/** Differs from upstream: a cluster without networks of its own has its endpoints on loopback addresses. */
export function validateEndpointIp(field: string, text: string): FieldError[] {
  return validateNonSpecial(field, text, LINK_LOCAL);
}

function validateNonSpecial(field: string, text: string, ranges: readonly SpecialRange[]): FieldError[] {
  const ip = parseIpSloppily(text);
  if (ip === undefined) return [];
  if (ip.value === 0n) return [invalid(field, text, `may not be unspecified (${text})`)];
  const special = ranges.find(({ networks }) => networks.some((network) => isWithinNetwork(network, ip)));
  return special === undefined ? [] : [invalid(field, text, special.detail)];
}
