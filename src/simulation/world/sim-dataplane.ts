/** A dataplane that moves nothing: it holds the table by which its node would route, for checkers and simulated clients. */
import type { Dataplane, DataplaneProblem, RoutingTable } from '../../network/dataplane.ts';

export class SimulatedDataplane implements Dataplane {
  #table: RoutingTable = { ports: [] };

  get table(): RoutingTable {
    return this.#table;
  }

  async apply(table: RoutingTable): Promise<DataplaneProblem[]> {
    this.#table = table;
    return [];
  }

  async close(): Promise<void> {
    this.#table = { ports: [] };
  }
}
