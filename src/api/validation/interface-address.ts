/**
 * Validation of an address with the length of its network: `10.9.8.7/24`, in the one form that it has.
 * @see k8s.io/apimachinery/pkg/util/validation/ip.go IsValidInterfaceAddress
 */
import { bitsOf, parseMappedIpv4 } from '../ip-address.ts';
import { formatNetwork, type IpNetwork, parseNetwork } from '../ip-network.ts';
import { type FieldError, invalid } from './field-error.ts';
import { withoutLeadingZeros } from './ip-fields.ts';

export function validateInterfaceAddress(text: string, field: string): FieldError[] {
  const network = parseSloppily(text);
  if (network === undefined) {
    const why = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    return [invalid(field, text, why)];
  }
  const canonical = formatNetwork(network);
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form ("${canonical}")`)];
}

/** With leading zeros, and IPv4 within IPv6. */
function parseSloppily(text: string): IpNetwork | undefined {
  const plain = withoutLeadingZeros(text);
  const [ip = '', prefix = ''] = plain.split('/');
  const address = parseMappedIpv4(ip);
  if (address === undefined) return parseNetwork(plain);
  const outer = parseNetwork(`::/${prefix}`);
  const bits = bitsOf(address);
  return outer && { address, prefix: outer.prefix > bits ? Math.max(outer.prefix - 96, 0) : outer.prefix };
}
