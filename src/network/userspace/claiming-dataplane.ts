/** A dataplane on a machine where some addresses of Services must be made local before anything can listen on them. */
import type { Logger } from '../../base/logger.ts';
import type { Dataplane, DataplaneProblem, RoutingTable } from '../dataplane.ts';
import type { AddressClaims } from './claimed-addresses.ts';

export interface ClaimingDataplaneParts {
  inner: Dataplane;
  claims: AddressClaims;
  log: Logger;
  /** The addresses that must be local now, and are not anyway. */
  wanted: () => readonly string[];
}

export class ClaimingDataplane implements Dataplane {
  readonly #parts: ClaimingDataplaneParts;
  /** Unknown until it has been asked for: an agent before this one may have left some. */
  #claimed: Set<string> | undefined;

  constructor(parts: ClaimingDataplaneParts) {
    this.#parts = parts;
  }

  /** An address that cannot be claimed cannot be listened on: the problem says so. */
  async apply(table: RoutingTable, signal: AbortSignal): Promise<DataplaneProblem[]> {
    const { inner, claims, wanted } = this.#parts;
    this.#claimed ??= new Set(await claims.list(signal));
    const claimed = this.#claimed;
    const now = new Set(wanted());
    for (const address of now) {
      if (claimed.has(address)) continue;
      if (await this.#attempt(claims.claim(address, signal), address, signal)) claimed.add(address);
    }
    const problems = await inner.apply(table, signal);
    for (const address of claimed) {
      if (now.has(address)) continue;
      if (await this.#attempt(claims.release(address, signal), address, signal)) claimed.delete(address);
    }
    return problems;
  }

  /** What it claimed stays: other agents of this machine may listen there. */
  close(): Promise<void> {
    return this.#parts.inner.close();
  }

  async #attempt(change: Promise<void>, address: string, signal: AbortSignal): Promise<boolean> {
    try {
      await change;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.#parts.log.warn('the route of a Service address cannot be changed', { address, error });
      return false;
    }
  }
}
