/** Who has which address across the nodes of a simulated cluster: Pods' own, and nodes'. Runtimes keep it. */
import type { SimContainer } from './sim-container.ts';

/** A node as those see it who send to its addresses. */
export interface AddressedNode {
  /** Packets arrive: it is on and not frozen. */
  readonly isReachable: boolean;
  /** Who accepts connections there, and at which port of its own. */
  listener(ip: string, port: number): { container: SimContainer; port: number } | undefined;
}

export class SimulatedAddresses {
  readonly #nodes = new Map<string, AddressedNode>();

  nodeOf(ip: string): AddressedNode | undefined {
    return this.#nodes.get(ip);
  }

  take(ip: string, node: AddressedNode): void {
    this.#nodes.set(ip, node);
  }

  giveUp(ip: string, node: AddressedNode): void {
    if (this.#nodes.get(ip) === node) this.#nodes.delete(ip);
  }
}
