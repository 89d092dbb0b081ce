/**
 * Hands out Service addresses and node ports. The truth is in the stored Services: the bitmaps are rebuilt from them at
 * start, and every write reserves before its transaction decides.
 *
 *     reserve --(transaction resolves)--> confirm: what the old object no longer uses is released
 *             --(transaction rejects)---> cancel:  what was newly taken is released
 *
 * Invariant: an address that a committed Service holds is taken.
 * @see kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go
 */
import type { Service, ServicePort } from '../../api/generated/core-v1.ts';
import { type ResourceRow, SERVICES } from '../../api/resources.ts';
import { type FieldError, invalid, toInvalidError } from '../../api/validation/field-error.ts';
import type { Random } from '../../base/random.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiObject } from '../api-object.ts';
import { type AddressRange, formatIpv4, parseAddressRange, parseIpv4 } from './address-range.ts';
import { Bitmap } from './bitmap.ts';
import { needsClusterIp, needsNodePorts } from './service-needs.ts';

export interface ServiceRanges {
  /** Cluster IPs: `10.96.0.0/16`, or a part of 127.0.0.0/8 where Services listen on loopback. */
  clusterIps: string;
  nodePorts: { first: number; last: number };
}

export interface Reservation {
  confirm(): void;
  cancel(): void;
}

/** What one write holds: indexes into the two bitmaps. */
interface Holdings {
  addresses: Set<number>;
  ports: Set<number>;
}

/** Dynamic addresses come from above this part of the range first. @see ipallocator calculateRangeOffset */
const STATIC_PART = { divisor: 16, min: 16, max: 256 };

export class ServiceAllocator {
  readonly #range: AddressRange;
  readonly #ports: ServiceRanges['nodePorts'];
  readonly #random: Random;
  readonly #takenAddresses: Bitmap;
  readonly #takenPorts: Bitmap;

  constructor(ranges: ServiceRanges, random: Random) {
    this.#range = parseAddressRange(ranges.clusterIps);
    this.#ports = ranges.nodePorts;
    this.#random = random;
    this.#takenAddresses = new Bitmap(this.#range.size);
    this.#takenPorts = new Bitmap(ranges.nodePorts.last - ranges.nodePorts.first + 1);
    this.#takenAddresses.take(0);
    this.#takenAddresses.take(this.#range.size - 1);
  }

  /** The range's first address: the `kubernetes` Service. */
  get firstAddress(): string {
    return formatIpv4(this.#range.base + 1);
  }

  /** Takes what stored Services hold. Called once for each, before anything is reserved. */
  restore(service: ApiObject): void {
    const { addresses, ports } = this.#holdingsOf(service as unknown as Service);
    for (const index of addresses) this.#takenAddresses.take(index);
    for (const index of ports) this.#takenPorts.take(index);
  }

  release(row: ResourceRow, object: ApiObject): void {
    if (row === SERVICES) this.#give(this.#holdingsOf(object as unknown as Service));
  }

  /**
   * Fills in `object`'s addresses and ports in place, taking what it did not hold as `old`.
   * @returns `undefined` when `object` is no Service
   * @throws StatusError Invalid when what it asks for is taken or out of range; InternalError when a range is full
   */
  reserve(row: ResourceRow, object: ApiObject, old: ApiObject | undefined): Reservation | undefined {
    if (row !== SERVICES) return undefined;
    const service = object as unknown as Service;
    const before = old as unknown as Service | undefined;
    const held = before === undefined ? newHoldings() : this.#holdingsOf(before);
    const taken = newHoldings();
    const errors = [
      ...this.#reserveAddress(service, held, taken),
      ...this.#reservePorts(service, held, taken),
    ];
    if (errors.length > 0) {
      this.#give(taken);
      throw toInvalidError(row, service.metadata.name, errors);
    }
    const now = this.#holdingsOf(service);
    return {
      confirm: () => this.#give(difference(held, now)),
      cancel: () => this.#give(taken),
    };
  }

  #reserveAddress(service: Service, held: Holdings, taken: Holdings): FieldError[] {
    const { spec } = service;
    if (!needsClusterIp(service)) {
      if (spec.clusterIP === 'None') spec.clusterIPs = ['None'];
      return [];
    }
    const asked = spec.clusterIP ?? '';
    if (asked === '') spec.clusterIP = this.#takeAnyAddress(taken);
    else {
      const problem = this.#takeAddress(asked, held, taken);
      if (problem !== undefined) {
        return [invalid('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${problem}`)];
      }
    }
    spec.clusterIPs = [spec.clusterIP!];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
    return [];
  }

  #takeAnyAddress(taken: Holdings): string {
    const { divisor, min, max } = STATIC_PART;
    const size = this.#range.size;
    const offset = size <= min ? 0 : Math.min(max, Math.max(min, Math.floor(size / divisor)));
    const index = this.#takenAddresses.takeAny(this.#random, offset);
    if (index === undefined)
      throw new StatusError('InternalError', 'failed to allocate a serviceIP: range is full');
    taken.addresses.add(index);
    return formatIpv4(this.#range.base + index);
  }

  #takeAddress(asked: string, held: Holdings, taken: Holdings): string | undefined {
    const index = this.#addressIndex(asked);
    if (index === undefined) {
      return `the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${this.#range.cidr}`;
    }
    if (held.addresses.has(index)) return undefined;
    if (!this.#takenAddresses.take(index)) return 'provided IP is already allocated';
    taken.addresses.add(index);
    return undefined;
  }

  #reservePorts(service: Service, held: Holdings, taken: Holdings): FieldError[] {
    if (!needsNodePorts(service)) {
      for (const port of service.spec.ports ?? []) delete port.nodePort;
      return [];
    }
    const errors: FieldError[] = [];
    const ports = service.spec.ports ?? [];
    for (const [index, port] of ports.entries()) {
      const problem = this.#reservePort(port, held, taken);
      if (problem !== undefined)
        errors.push(invalid(`spec.ports[${index}].nodePort`, port.nodePort, problem));
    }
    for (const port of ports)
      if (!port.nodePort && errors.length === 0) port.nodePort = this.#takeAnyPort(port, ports, taken);
    return errors;
  }

  #reservePort(port: ServicePort, held: Holdings, taken: Holdings): string | undefined {
    if (!port.nodePort) return undefined;
    const { first, last } = this.#ports;
    if (port.nodePort < first || port.nodePort > last) {
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    }
    const index = port.nodePort - first;
    if (held.ports.has(index) || taken.ports.has(index)) return undefined;
    if (!this.#takenPorts.take(index)) return 'provided port is already allocated';
    taken.ports.add(index);
    return undefined;
  }

  /** TCP and UDP of one port number share a node port, as upstream gives DNS. */
  #takeAnyPort(port: ServicePort, ports: readonly ServicePort[], taken: Holdings): number {
    const twin = ports.find(
      (other) => other.port === port.port && other.protocol !== port.protocol && other.nodePort,
    );
    if (twin !== undefined) return twin.nodePort!;
    const index = this.#takenPorts.takeAny(this.#random);
    if (index === undefined)
      throw new StatusError('InternalError', 'failed to allocate a nodePort: range is full');
    taken.ports.add(index);
    return this.#ports.first + index;
  }

  #holdingsOf({ spec }: Service): Holdings {
    const holdings = newHoldings();
    for (const address of [spec.clusterIP, ...(spec.clusterIPs ?? [])]) {
      const index = this.#addressIndex(address ?? '');
      if (index !== undefined) holdings.addresses.add(index);
    }
    for (const { nodePort } of spec.ports ?? []) {
      if (nodePort) this.#addPort(holdings, nodePort);
    }
    return holdings;
  }

  #addPort(holdings: Holdings, port: number): void {
    const { first, last } = this.#ports;
    if (port >= first && port <= last) holdings.ports.add(port - first);
  }

  /** `undefined` outside of the range; its first and last address name the network itself. */
  #addressIndex(address: string): number | undefined {
    const value = parseIpv4(address);
    if (value === undefined) return undefined;
    const index = value - this.#range.base;
    return index > 0 && index < this.#range.size - 1 ? index : undefined;
  }

  #give({ addresses, ports }: Holdings): void {
    for (const index of addresses) this.#takenAddresses.release(index);
    for (const index of ports) this.#takenPorts.release(index);
  }
}

function newHoldings(): Holdings {
  return { addresses: new Set(), ports: new Set() };
}

function difference(from: Holdings, without: Holdings): Holdings {
  return {
    addresses: new Set([...from.addresses].filter((index) => !without.addresses.has(index))),
    ports: new Set([...from.ports].filter((index) => !without.ports.has(index))),
  };
}
