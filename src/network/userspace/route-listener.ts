import type { EndpointBalancer } from './endpoint-balancer.ts';

/** What the dataplane keeps per listening address, whatever the protocol. */
export interface RouteListener {
  /** Starts to listen; rejects with the system's error (`code`). Called once. */
  listen(ip: string, port: number): Promise<void>;
  /** From now on serves another Service port at the same address. */
  retarget(balancer: EndpointBalancer): void;
  /** The balancer's endpoints were replaced. */
  endpointsChanged(): void;
  /** Gives the address up at once. */
  close(): void;
}
