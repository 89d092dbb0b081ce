/**
 * Where Service traffic is moved: the proxy hands a complete {@link RoutingTable} to a dataplane, which makes it so.
 *
 * Implementations: `userspace/` (listeners and pipes in the agent) and `nftables/`. `dataplane.contract.ts` is the suite
 * that each of them passes.
 */
export interface Dataplane {
  /**
   * Replaces the whole table, atomically per Service port. Connections in flight to endpoints that stay, or that are
   * terminating, are left alone. Resolves with what could not be done, e.g. a taken port; never rejects for one entry.
   */
  apply(table: RoutingTable, signal: AbortSignal): Promise<DataplaneProblem[]>;
  /** Releases every listener and rule. */
  close(): Promise<void>;
}

/** Immutable; equal inputs give equal tables, sorted by namespace, name and port. */
export interface RoutingTable {
  ports: readonly ServicePortRoute[];
}

/** One Service port with all the ways in and all the endpoints behind it. */
export interface ServicePortRoute {
  /** `namespace/name:portName`, unique in a table. */
  id: string;
  protocol: 'TCP' | 'UDP';
  /** Ways in: the cluster IP with the Service port, and external IPs. */
  virtualAddresses: readonly { ip: string; port: number }[];
  /** 0 when the Service has none. */
  nodePort: number;
  /** Milliseconds that a client stays with its endpoint; 0 without session affinity. */
  affinityMs: number;
  /** To whom traffic goes now: the ready ones; where none is ready, the serving terminating ones. */
  endpoints: readonly RouteEndpoint[];
  /** For node ports under `externalTrafficPolicy: Local`; otherwise the same as `endpoints`. */
  externalEndpoints: readonly RouteEndpoint[];
}

export interface RouteEndpoint {
  ip: string;
  port: number;
  /** `namespace/name` of the Pod; empty where there is none. */
  pod: string;
  terminating: boolean;
}

export interface DataplaneProblem {
  /** {@link ServicePortRoute.id} */
  routeId: string;
  /** `PortUnavailable` (in use), `PermissionDenied` (a port below 1024 without root), `Unsupported`. */
  reason: 'PortUnavailable' | 'PermissionDenied' | 'Unsupported';
  message: string;
}
