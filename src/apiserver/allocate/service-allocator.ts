/**
 * Hands out Service addresses and node ports. The truth is in the stored Services: what they hold is taken over at start, and
 * every write reserves within its transaction.
 *
 *     reserve --(transaction resolves)--> confirm: what the old object no longer uses is released
 *             --(transaction rejects)---> cancel:  what was newly taken is released
 *
 * Invariant: an address that a committed Service holds is taken, whatever becomes of its IPAddress.
 * @see kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go
 */
import type { Service, ServicePort } from '../../api/generated/core-v1.ts';
import { type ResourceRow, SERVICES } from '../../api/resources.ts';
import { clusterIpsOf } from '../../api/service-addresses.ts';
import { needsHealthCheck, opensNodePorts } from '../../api/service-types.ts';
import { type FieldError, invalid, toInvalidError } from '../../api/validation/field-error.ts';
import type { Random } from '../../base/random.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiObject } from '../api-object.ts';
import { type AddressPool, firstFree, isInRange } from './address-pool.ts';
import { type AddressRange, formatIpv4, parseAddressRange, parseIpv4 } from './address-range.ts';
import { Bitmap } from './bitmap.ts';
import { needsClusterIp, needsNodePorts } from './service-needs.ts';

export interface ServiceRanges {
  /** With which a cluster starts: `10.96.0.0/16`, or a part of 127.0.0.0/8 where Services listen on loopback. */
  clusterIps: string;
  nodePorts: { first: number; last: number };
}

export interface Reservation {
  confirm(): void;
  cancel(): void;
}

/** What one write holds. */
interface Holdings {
  addresses: Set<number>;
  /** Indexes into the bitmap. */
  ports: Set<number>;
}

/** Why a write gets nothing: what it asks for is wrong, or there is no more. */
type Refusal = FieldError | StatusError;

/** What a write held before, and what it has taken so far. */
interface Claim {
  held: Holdings;
  taken: Holdings;
}

export class ServiceAllocator {
  readonly #range: AddressRange;
  readonly #ports: ServiceRanges['nodePorts'];
  readonly #random: Random;
  readonly #takenAddresses = new Set<number>();
  readonly #takenPorts: Bitmap;

  constructor(ranges: ServiceRanges, random: Random) {
    this.#range = parseAddressRange(ranges.clusterIps);
    this.#ports = ranges.nodePorts;
    this.#random = random;
    this.#takenPorts = new Bitmap(ranges.nodePorts.last - ranges.nodePorts.first + 1);
  }

  /** The range that a cluster starts with. */
  get defaultRange(): string {
    return this.#range.cidr;
  }

  /** The first address of it: the `kubernetes` Service. */
  get firstAddress(): string {
    return formatIpv4(this.#range.base + 1);
  }

  /** Takes what stored Services hold. Called once for each, before anything is reserved. */
  restore(service: ApiObject): void {
    const { addresses, ports } = this.#holdingsOf(service as unknown as Service);
    for (const address of addresses) this.#takenAddresses.add(address);
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
  reserve(
    row: ResourceRow,
    object: ApiObject,
    old: ApiObject | undefined,
    pool: () => AddressPool,
  ): Reservation | undefined {
    if (row !== SERVICES) return undefined;
    const service = object as unknown as Service;
    const before = old as unknown as Service | undefined;
    const held = before === undefined ? newHoldings() : this.#holdingsOf(before);
    const claim: Claim = { held, taken: newHoldings() };
    const errors = [
      ...this.#reserveAddress(service, claim, pool),
      ...this.#reservePorts(service, claim),
      ...this.#reserveHealthPort(service, before, claim),
    ];
    if (errors.length > 0) {
      this.#give(claim.taken);
      throw toError(row, service.metadata.name, errors);
    }
    const now = this.#holdingsOf(service);
    return {
      confirm: () => this.#give(difference(held, now)),
      cancel: () => this.#give(claim.taken),
    };
  }

  #reserveAddress(service: Service, claim: Claim, pool: () => AddressPool): Refusal[] {
    const { spec } = service;
    if (!needsClusterIp(service)) {
      if (spec.clusterIP === 'None') spec.clusterIPs = ['None'];
      return [];
    }
    const asked = spec.clusterIP ?? '';
    if (asked === '') {
      const address = this.#takeAnyAddress(claim, pool());
      if (address === undefined) return [newFull('serviceIP')];
      spec.clusterIP = formatIpv4(address);
    } else {
      const problem = this.#takeAddress(asked, claim, pool);
      if (problem !== undefined) {
        return [invalid('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${problem}`)];
      }
    }
    spec.clusterIPs = [spec.clusterIP!];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
    return [];
  }

  #takeAnyAddress({ taken }: Claim, { ranges, isTaken }: AddressPool): number | undefined {
    const isFree = (address: number) => !this.#takenAddresses.has(address) && !isTaken(address);
    const address = firstFree(ranges, this.#random, isFree);
    if (address !== undefined) this.#take(address, taken);
    return address;
  }

  #takeAddress(asked: string, { held, taken }: Claim, pool: () => AddressPool): string | undefined {
    const address = parseIpv4(asked);
    if (address !== undefined && held.addresses.has(address)) return undefined;
    const { ranges, isTaken } = pool();
    if (address === undefined || !ranges.some((range) => isInRange(range, address)))
      return 'the provided network does not match the current range';
    if (this.#takenAddresses.has(address) || isTaken(address)) return 'provided IP is already allocated';
    this.#take(address, taken);
    return undefined;
  }

  #take(address: number, taken: Holdings): void {
    this.#takenAddresses.add(address);
    taken.addresses.add(address);
  }

  #reservePorts(service: Service, claim: Claim): Refusal[] {
    const ports = service.spec.ports ?? [];
    if (!opensNodePorts(service)) {
      for (const port of ports) delete port.nodePort;
      return [];
    }
    const errors: FieldError[] = [];
    for (const [index, port] of ports.entries()) {
      const problem = this.#reservePort(port, claim);
      if (problem !== undefined)
        errors.push(invalid(`spec.ports[${index}].nodePort`, port.nodePort, problem));
    }
    if (errors.length > 0 || !needsNodePorts(service)) return errors;
    for (const port of ports) {
      if (port.nodePort) continue;
      const nodePort = this.#takeAnyPort(port, ports, claim.taken);
      if (nodePort === undefined) return [newFull('nodePort')];
      port.nodePort = nodePort;
    }
    return [];
  }

  /** A port of its own on every node, where load balancers ask. One that is held is fixed. */
  #reserveHealthPort(service: Service, old: Service | undefined, { taken }: Claim): Refusal[] {
    const { spec } = service;
    if (!needsHealthCheck(service)) return [];
    const asked = spec.healthCheckNodePort ?? 0;
    if (asked !== 0 && old !== undefined && asked === old.spec.healthCheckNodePort && needsHealthCheck(old))
      return [];
    if (asked !== 0) {
      const problem = this.#takePort(asked, taken);
      return problem === undefined
        ? []
        : [newUnavailable(`requested HealthCheck NodePort ${asked}: ${problem}`)];
    }
    const port = this.#takeFreePort(taken);
    if (port === undefined) return [newFull('HealthCheck NodePort 0')];
    spec.healthCheckNodePort = port;
    return [];
  }

  #reservePort({ nodePort }: ServicePort, { held, taken }: Claim): string | undefined {
    if (!nodePort) return undefined;
    const index = nodePort - this.#ports.first;
    return held.ports.has(index) || taken.ports.has(index) ? undefined : this.#takePort(nodePort, taken);
  }

  #takePort(port: number, taken: Holdings): string | undefined {
    const { first, last } = this.#ports;
    if (port < first || port > last) {
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    }
    const index = port - first;
    if (!this.#takenPorts.take(index)) return 'provided port is already allocated';
    taken.ports.add(index);
    return undefined;
  }

  /** TCP and UDP of one port number share a node port, as upstream gives DNS. */
  #takeAnyPort(port: ServicePort, ports: readonly ServicePort[], taken: Holdings): number | undefined {
    const twin = ports.find(
      (other) => other.port === port.port && other.protocol !== port.protocol && other.nodePort,
    );
    return twin?.nodePort ?? this.#takeFreePort(taken);
  }

  #takeFreePort(taken: Holdings): number | undefined {
    const index = this.#takenPorts.takeAny(this.#random);
    if (index === undefined) return undefined;
    taken.ports.add(index);
    return this.#ports.first + index;
  }

  #holdingsOf(service: Service): Holdings {
    const holdings = newHoldings();
    for (const address of clusterIpsOf(service)) {
      const number = parseIpv4(address);
      if (number !== undefined) holdings.addresses.add(number);
    }
    for (const { nodePort } of service.spec.ports ?? []) {
      if (nodePort) this.#addPort(holdings, nodePort);
    }
    if (needsHealthCheck(service)) this.#addPort(holdings, service.spec.healthCheckNodePort ?? 0);
    return holdings;
  }

  #addPort(holdings: Holdings, port: number): void {
    const { first, last } = this.#ports;
    if (port >= first && port <= last) holdings.ports.add(port - first);
  }

  #give({ addresses, ports }: Holdings): void {
    for (const address of addresses) this.#takenAddresses.delete(address);
    for (const index of ports) this.#takenPorts.release(index);
  }
}

function toError(row: ResourceRow, name: string, refusals: readonly Refusal[]): StatusError {
  const full = refusals.find((refusal) => refusal instanceof StatusError);
  return full ?? toInvalidError(row, name, refusals as readonly FieldError[]);
}

function newFull(what: string): StatusError {
  return newUnavailable(`a ${what}: range is full`);
}

function newUnavailable(what: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: failed to allocate ${what}`);
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
