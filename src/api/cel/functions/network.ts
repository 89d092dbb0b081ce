/** `ip()` and `cidr()`. @see k8s.io/apiserver/pkg/cel/library/ip.go, cidr.go */
import { CelError } from '../cel-error.ts';
import { fn, type Overload } from '../overload.ts';
import { CelOpaque } from '../value.ts';
import { bitsOf, formatIp, type IpAddress, parseIp } from './ip-address.ts';

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
  readonly address: IpAddress;
  readonly prefix: number;

  constructor(address: IpAddress, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }

  get text(): string {
    return `${formatIp(this.address)}/${this.prefix}`;
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelCidr && other.text === this.text;
  }

  contains({ family, value }: IpAddress): boolean {
    const shift = BigInt(bitsOf(this.address) - this.prefix);
    return family === this.address.family && value >> shift === this.address.value >> shift;
  }

  containsCidr(other: CelCidr): boolean {
    return other.prefix >= this.prefix && this.contains(other.address);
  }

  masked(): CelCidr {
    const shift = BigInt(bitsOf(this.address) - this.prefix);
    return new CelCidr({ ...this.address, value: (this.address.value >> shift) << shift }, this.prefix);
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

function parseCidr(text: string): CelCidr | undefined {
  const [ip = '', prefix = '', ...rest] = text.split('/');
  const address = parseIp(ip);
  if (address === undefined || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  return Number(prefix) <= bitsOf(address) ? new CelCidr(address, Number(prefix)) : undefined;
}

function toCidr(text: string): CelCidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    throw new CelError(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)})`,
    );
  }
  return cidr;
}

/** Whether the first bits of the address are those of a network. */
function within(ip: CelIp, ...networks: readonly string[]): boolean {
  return networks.some((network) => toCidr(network).contains(ip.address));
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
  fn('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined),
  fn('string(net.CIDR): string', ({ text }: CelCidr) => text),
  fn('net.CIDR.containsIP(string): bool', (cidr: CelCidr, ip: string) => cidr.contains(toIp(ip).address)),
  fn('net.CIDR.containsIP(net.IP): bool', (cidr: CelCidr, { address }: CelIp) => cidr.contains(address)),
  fn('net.CIDR.containsCIDR(string): bool', (cidr: CelCidr, other: string) =>
    cidr.containsCidr(toCidr(other)),
  ),
  fn('net.CIDR.containsCIDR(net.CIDR): bool', (cidr: CelCidr, other: CelCidr) => cidr.containsCidr(other)),
  fn('net.CIDR.ip(): net.IP', ({ address }: CelCidr) => new CelIp(address)),
  fn('net.CIDR.masked(): net.CIDR', (cidr: CelCidr) => cidr.masked()),
  fn('net.CIDR.prefixLength(): int', ({ prefix }: CelCidr) => BigInt(prefix)),
];

export const NETWORK: readonly Overload[] = [...ADDRESSES, ...NETWORKS];
