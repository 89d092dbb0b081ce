/**
 * Moves Service traffic in the agent's own process: a listener per virtual address and node port, a pipe per connection.
 * Needs no privilege but addresses that can be bound (`service-range.ts`).
 *
 * A Service port without endpoints has no listener: the kernel refuses its connections, as kube-proxy's REJECT rule does.
 *
 * Invariant: after `apply`, the listeners are exactly the addresses of the table's rows that have endpoints, less the
 * problems returned. A row whose address was already listened on changes between two connections, never in one.
 */
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Dataplane, DataplaneProblem, RoutingTable, ServicePortRoute } from '../dataplane.ts';
import { type AddressClaim, claimAddress } from './address-claim.ts';
import { type ConnectionCounters, ConnectionPool } from './connection-pool.ts';
import type { UserspaceOptions } from './defaults.ts';
import { EndpointBalancer } from './endpoint-balancer.ts';
import type { RouteListener } from './route-listener.ts';
import { TcpListener } from './tcp-listener.ts';
import { UdpListener, type UdpSessions } from './udp-listener.ts';

/** A way in that the table asks for. */
interface WantedListener {
  routeId: string;
  protocol: 'TCP' | 'UDP';
  ip: string;
  port: number;
  /** Names the balancer: two per route, as external traffic may have other endpoints. */
  balancerKey: string;
}

interface RunningListener {
  listener: RouteListener;
  claim: AddressClaim;
  balancerKey: string;
}

export interface UserspaceParts {
  clock: Clock;
  random: Random;
  options: UserspaceOptions;
}

export class UserspaceDataplane implements Dataplane {
  readonly #parts: UserspaceParts;
  readonly #pool: ConnectionPool;
  readonly #udpSessions: UdpSessions = new Set();
  /** `protocol/ip:port` → listener. */
  readonly #listeners = new Map<string, RunningListener>();
  /** `routeId` + side → balancer. */
  readonly #balancers = new Map<string, EndpointBalancer>();
  #isApplying = false;
  #isClosed = false;

  constructor(parts: UserspaceParts) {
    this.#parts = parts;
    this.#pool = new ConnectionPool(parts.options.connectionsMax);
  }

  get counters(): Readonly<ConnectionCounters> {
    return this.#pool.counters;
  }

  /** One call at a time. Addresses that could not be had are tried again by the next call. */
  async apply(table: RoutingTable, signal: AbortSignal): Promise<DataplaneProblem[]> {
    assert(!this.#isApplying, 'UserspaceDataplane.apply called while another apply runs');
    assert(!this.#isClosed, 'UserspaceDataplane.apply called after close');
    signal.throwIfAborted();
    this.#isApplying = true;
    this.#updateBalancers(table);
    const { wanted, problems } = this.#wantedListeners(table);
    this.#closeUnwanted(wanted);
    const results = await Promise.all([...wanted].map(([key, entry]) => this.#ensure(key, entry)));
    this.#isApplying = false;
    return [...problems, ...results.filter((problem) => problem !== undefined)];
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const running of this.#listeners.values()) closeListener(running);
    this.#listeners.clear();
    this.#pool.close();
    return Promise.resolve();
  }

  #updateBalancers(table: RoutingTable): void {
    const current = new Set<string>();
    for (const route of table.ports) {
      for (const side of SIDES) {
        const key = balancerKey(route, side);
        current.add(key);
        this.#balancer(key).update(route[side], route.affinityMs);
      }
    }
    for (const key of this.#balancers.keys()) if (!current.has(key)) this.#balancers.delete(key);
  }

  #balancer(key: string): EndpointBalancer {
    let balancer = this.#balancers.get(key);
    if (balancer === undefined) {
      const { clock, random, options } = this.#parts;
      balancer = new EndpointBalancer(clock, options, Math.floor(random.next() * START_RANGE));
      this.#balancers.set(key, balancer);
    }
    return balancer;
  }

  #wantedListeners(table: RoutingTable): {
    wanted: Map<string, WantedListener>;
    problems: DataplaneProblem[];
  } {
    const wanted = new Map<string, WantedListener>();
    const problems: DataplaneProblem[] = [];
    for (const route of table.ports) {
      for (const entry of waysIn(route, this.#parts.options.nodePortAddresses)) {
        const key = `${entry.protocol}/${entry.ip}:${entry.port}`;
        const other = wanted.get(key);
        if (other !== undefined) {
          problems.push(portUnavailable(entry, `is already used by Service port ${other.routeId}`));
        } else if (!this.#balancer(entry.balancerKey).isEmpty) {
          wanted.set(key, entry);
        }
      }
    }
    return { wanted, problems };
  }

  #closeUnwanted(wanted: ReadonlyMap<string, WantedListener>): void {
    for (const [key, running] of this.#listeners) {
      if (wanted.has(key)) continue;
      closeListener(running);
      this.#listeners.delete(key);
    }
  }

  async #ensure(key: string, wanted: WantedListener): Promise<DataplaneProblem | undefined> {
    const balancer = this.#balancer(wanted.balancerKey);
    const running = this.#listeners.get(key);
    if (running !== undefined) {
      if (running.balancerKey === wanted.balancerKey) running.listener.endpointsChanged();
      else running.listener.retarget(balancer);
      running.balancerKey = wanted.balancerKey;
      return undefined;
    }
    try {
      const opened = await this.#open(key, wanted);
      if (this.#isClosed) closeListener(opened);
      else this.#listeners.set(key, opened);
      return undefined;
    } catch (error) {
      return toProblem(wanted, error);
    }
  }

  async #open(key: string, wanted: WantedListener): Promise<RunningListener> {
    const claim = await claimAddress(key, this.#parts.options.cluster);
    const listener = this.#newListener(wanted.protocol, this.#balancer(wanted.balancerKey));
    try {
      await listener.listen(wanted.ip, wanted.port);
    } catch (error) {
      claim.release();
      throw error;
    }
    return { listener, claim, balancerKey: wanted.balancerKey };
  }

  #newListener(protocol: 'TCP' | 'UDP', balancer: EndpointBalancer): RouteListener {
    const { clock, options } = this.#parts;
    return protocol === 'TCP'
      ? new TcpListener(balancer, this.#pool, options)
      : new UdpListener(balancer, { clock, options, sessions: this.#udpSessions });
  }
}

function closeListener({ listener, claim }: RunningListener): void {
  listener.close();
  claim.release();
}

const SIDES = ['endpoints', 'externalEndpoints'] as const;
const START_RANGE = 1 << 16;

function balancerKey(route: ServicePortRoute, side: (typeof SIDES)[number]): string {
  return `${route.id}|${side}`;
}

function waysIn(route: ServicePortRoute, nodePortAddresses: readonly string[]): WantedListener[] {
  const { id: routeId, protocol } = route;
  const internal = balancerKey(route, 'endpoints');
  const ways = route.virtualAddresses.map(({ ip, port }) => ({
    routeId,
    protocol,
    ip,
    port,
    balancerKey: internal,
  }));
  if (route.nodePort === 0) return ways;
  const external = balancerKey(route, 'externalEndpoints');
  for (const ip of nodePortAddresses) {
    ways.push({ routeId, protocol, ip, port: route.nodePort, balancerKey: external });
  }
  return ways;
}

function toProblem(wanted: WantedListener, error: unknown): DataplaneProblem {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'EADDRINUSE') return portUnavailable(wanted, 'is in use by another process');
  const where = `${wanted.protocol} ${wanted.ip}:${wanted.port}`;
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      routeId: wanted.routeId,
      reason: 'PermissionDenied',
      message: `${where} needs root: ports below net.ipv4.ip_unprivileged_port_start are reserved`,
    };
  }
  return {
    routeId: wanted.routeId,
    reason: 'Unsupported',
    message: `cannot listen on ${where}: ${code === 'EADDRNOTAVAIL' ? 'not an address of this machine' : code}`,
  };
}

function portUnavailable(wanted: WantedListener, why: string): DataplaneProblem {
  return {
    routeId: wanted.routeId,
    reason: 'PortUnavailable',
    message: `${wanted.protocol} ${wanted.ip}:${wanted.port} ${why}`,
  };
}
