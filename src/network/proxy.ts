/**
 * The Service proxy of a node: keeps the dataplane equal to what Services and EndpointSlices say.
 *
 * Informers wake one loop; whatever changed while the dataplane was busy is taken up by the next round, as one table.
 * What the dataplane could not do becomes an Event on the Service, once per problem, and is tried again.
 */

import type { Service } from '../api/generated/core-v1.ts';
import type { EndpointSlice } from '../api/generated/discovery-v1.ts';
import { ENDPOINT_SLICES, SERVICES } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import type { Dataplane, DataplaneProblem } from './dataplane.ts';
import { planRoutingTable } from './routing-table.ts';

export interface ServiceProxyParts {
  clock: Clock;
  log: Logger;
  informers: InformerFactory;
  events: EventRecorder;
  dataplane: Dataplane;
  nodeName: string;
}

/** A taken port may be given up by its holder; nothing tells when. */
export const PROBLEM_RETRY_MS = 10_000;

export class ServiceProxy {
  readonly #parts: ServiceProxyParts;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  #isDirty = true;
  #wake = () => {};
  /** What was reported and still holds: `routeId message`. */
  #reported = new Set<string>();

  constructor(parts: ServiceProxyParts) {
    this.#parts = parts;
    this.#services = parts.informers.informer(SERVICES);
    this.#slices = parts.informers.informer(ENDPOINT_SLICES);
    const changed = () => this.#markDirty();
    const listener = { onAdd: changed, onUpdate: changed, onDelete: changed };
    this.#services.addListener(listener);
    this.#slices.addListener(listener);
  }

  /** Serves until `signal` aborts, then releases everything. Until both informers have synced nothing is served. */
  async run(signal: AbortSignal): Promise<void> {
    const { dataplane } = this.#parts;
    try {
      await Promise.all([this.#services.whenSynced(signal), this.#slices.whenSynced(signal)]);
      while (!signal.aborted) {
        this.#isDirty = false;
        const table = planRoutingTable(this.#services.list(), this.#slices.list(), this.#parts.nodeName);
        const problems = await dataplane.apply(table, signal);
        this.#report(problems);
        await this.#nextRound(problems.length > 0, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await dataplane.close();
    }
  }

  #markDirty(): void {
    this.#isDirty = true;
    this.#wake();
  }

  /** Resolves when something changed, when it is time to retry problems, or when `signal` aborts. */
  #nextRound(hasProblems: boolean, signal: AbortSignal): Promise<void> {
    if (this.#isDirty || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = hasProblems
        ? this.#parts.clock.setTimer(PROBLEM_RETRY_MS, () => this.#wake())
        : undefined;
      this.#wake = () => {
        timer?.cancel();
        signal.removeEventListener('abort', this.#wake);
        this.#wake = () => {};
        resolve();
      };
      signal.addEventListener('abort', this.#wake);
    });
  }

  #report(problems: readonly DataplaneProblem[]): void {
    const current = new Set<string>();
    for (const problem of problems) {
      const key = `${problem.routeId} ${problem.message}`;
      current.add(key);
      if (this.#reported.has(key)) continue;
      this.#parts.log.warn('service port cannot be served here', { ...problem });
      const service = this.#services.get(serviceKeyOf(problem.routeId));
      if (service === undefined) continue;
      const message = `node ${this.#parts.nodeName} cannot serve a port of this Service: ${problem.message}`;
      this.#parts.events.event(service, 'Warning', problem.reason, message);
    }
    this.#reported = current;
  }
}

/** `namespace/name:portName` → `namespace/name`; neither part can hold a colon. */
function serviceKeyOf(routeId: string): string {
  return routeId.slice(0, routeId.indexOf(':'));
}
