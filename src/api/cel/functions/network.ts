/** `ip()` and `cidr()`. @see k8s.io/apiserver/pkg/cel/library/ip.go, cidr.go */
import { formatIp, type IpAddress, parseIp } from '../../ip-address.ts';
import {
  containsNetwork,
  formatNetwork,
  type IpNetwork,
  isWithinNetwork,
  maskedNetwork,
  parseNetwork,
} from '../../ip-network.ts';
import { CelError } from '../cel-error.ts';
import { fn, type Overload } from '../overload.ts';
import { CelOpaque } from '../value.ts';

class CelIp extends CelOpaque {
  readonly typeName = 'net.IP';
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    super();
    this.address = address;
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelIp && formatIp(other.address) === formatIp(this.address);
  }
}

class CelCidr extends CelOpaque {
  readonly typeName = 'net.CIDR';
  readonly network: IpNetwork;

  constructor(network: IpNetwork) {
    super();
    this.network = network;
  }

  get text(): string {
    return formatNetwork(this.network);
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelCidr && other.text === this.text;
  }
}

function toIp(text: string): CelIp {
  const address = parseIp(text);
  if (address === undefined) {
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  }
  return new CelIp(address);
}

function toCidr(text: string): CelCidr {
  const network = parseNetwork(text);
  if (network === undefined) {
    throw new CelError(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)})`,
    );
  }
  return new CelCidr(network);
}

/** Whether the first bits of the address are those of a network. */
function within(ip: CelIp, ...networks: readonly string[]): boolean {
  return networks.some((network) => isWithinNetwork(toCidr(network).network, ip.address));
}

const isUnspecified = ({ address }: CelIp) => address.value === 0n;
const isLoopback = (ip: CelIp) => within(ip, '127.0.0.0/8', '::1/128');
const isMulticast = (ip: CelIp) => within(ip, '224.0.0.0/4', 'ff00::/8');
const isLinkLocalUnicast = (ip: CelIp) => within(ip, '169.254.0.0/16', 'fe80::/10');
const isLinkLocalMulticast = (ip: CelIp) => within(ip, '224.0.0.0/24') || isLinkLocalMulticast6(ip);

function isLinkLocalMulticast6({ address: { family, value } }: CelIp): boolean {
  return family === 6 && ((value >> 112n) & 0xff0fn) === 0xff02n;
}

function isGlobalUnicast(ip: CelIp): boolean {
  const isBroadcast = ip.address.family === 4 && ip.address.value === 0xffff_ffffn;
  return !(isBroadcast || isUnspecified(ip) || isLoopback(ip) || isMulticast(ip) || isLinkLocalUnicast(ip));
}

const ADDRESSES: readonly Overload[] = [
  fn('ip(string): net.IP', toIp),
  fn('isIP(string): bool', (text: string) => parseIp(text) !== undefined),
  fn('ip.isCanonical(string): bool', (text: string) => formatIp(toIp(text).address) === text),
  fn('string(net.IP): string', ({ address }: CelIp) => formatIp(address)),
  fn('net.IP.family(): int', ({ address }: CelIp) => BigInt(address.family)),
  fn('net.IP.isUnspecified(): bool', isUnspecified),
  fn('net.IP.isLoopback(): bool', isLoopback),
  fn('net.IP.isLinkLocalMulticast(): bool', isLinkLocalMulticast),
  fn('net.IP.isLinkLocalUnicast(): bool', isLinkLocalUnicast),
  fn('net.IP.isGlobalUnicast(): bool', isGlobalUnicast),
];

const NETWORKS: readonly Overload[] = [
  fn('cidr(string): net.CIDR', toCidr),
  fn('isCIDR(string): bool', (text: string) => parseNetwork(text) !== undefined),
  fn('string(net.CIDR): string', ({ text }: CelCidr) => text),
  fn('net.CIDR.containsIP(string): bool', ({ network }: CelCidr, ip: string) =>
    isWithinNetwork(network, toIp(ip).address),
  ),
  fn('net.CIDR.containsIP(net.IP): bool', ({ network }: CelCidr, { address }: CelIp) =>
    isWithinNetwork(network, address),
  ),
  fn('net.CIDR.containsCIDR(string): bool', ({ network }: CelCidr, other: string) =>
    containsNetwork(network, toCidr(other).network),
  ),
  fn('net.CIDR.containsCIDR(net.CIDR): bool', ({ network }: CelCidr, other: CelCidr) =>
    containsNetwork(network, other.network),
  ),
  fn('net.CIDR.ip(): net.IP', ({ network }: CelCidr) => new CelIp(network.address)),
  fn('net.CIDR.masked(): net.CIDR', ({ network }: CelCidr) => new CelCidr(maskedNetwork(network))),
  fn('net.CIDR.prefixLength(): int', ({ network }: CelCidr) => BigInt(network.prefix)),
];

export const NETWORK: readonly Overload[] = [...ADDRESSES, ...NETWORKS];
