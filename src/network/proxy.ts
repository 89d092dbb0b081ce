/**
 * The Service proxy of a node: keeps the dataplane equal to what Services and EndpointSlices say, and the host ports of the
 * node's own Pods.
 *
 * Informers wake one loop; whatever changed while the dataplane was busy is taken up by the next round, as one table.
 * What the dataplane could not do becomes an Event on the Service or the Pod, once per problem, and is tried again.
 */

import type { Pod, Service } from '../api/generated/core-v1.ts';
import type { EndpointSlice } from '../api/generated/discovery-v1.ts';
import { ENDPOINT_SLICES, PODS, SERVICES } from '../api/resources.ts';
import { onAbort } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import type { Dataplane, DataplaneProblem, RoutingTable } from './dataplane.ts';
import { hasHostPorts, planHostPorts, podOfHostPort } from './host-ports.ts';
import { planRoutingTable } from './routing-table.ts';

export interface ServiceProxyParts {
  clock: Clock;
  log: Logger;
  informers: InformerFactory;
  events: EventRecorder;
  dataplane: Dataplane;
  nodeName: string;
  /** Where host ports of this node's Pods listen; empty where the Pods have the machine's own ports. */
  hostPortAddresses: readonly string[];
}

/** A taken port may be given up by its holder; nothing tells when. */
export const PROBLEM_RETRY_MS = 10_000;

export class ServiceProxy {
  readonly #parts: ServiceProxyParts;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #pods: Informer<Pod>;
  #isDirty = true;
  #wake = () => {};
  /** What was reported and still holds: `routeId message`. */
  #reported = new Set<string>();

  constructor(parts: ServiceProxyParts) {
    this.#parts = parts;
    this.#services = parts.informers.informer(SERVICES);
    this.#slices = parts.informers.informer(ENDPOINT_SLICES);
    this.#pods = parts.informers.informer(PODS, { fieldSelector: `spec.nodeName=${parts.nodeName}` });
    const changed = () => this.#markDirty();
    const listener = { onAdd: changed, onUpdate: changed, onDelete: changed };
    this.#services.addListener(listener);
    this.#slices.addListener(listener);
    const podChanged = (pod: Pod) => {
      if (hasHostPorts(pod)) this.#markDirty();
    };
    this.#pods.addListener({ onAdd: podChanged, onUpdate: podChanged, onDelete: podChanged });
  }

  /** Serves until `signal` aborts, then releases everything. Until the informers have synced nothing is served. */
  async run(signal: AbortSignal): Promise<void> {
    const { dataplane } = this.#parts;
    try {
      const informers = [this.#services, this.#slices, this.#pods];
      await Promise.all(informers.map((informer) => informer.whenSynced(signal)));
      while (!signal.aborted) {
        this.#isDirty = false;
        const problems = await dataplane.apply(this.#plan(), signal);
        this.#report(problems);
        await this.#nextRound(problems.length > 0, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await dataplane.close();
    }
  }

  #plan(): RoutingTable {
    const { hostPortAddresses, nodeName } = this.#parts;
    const { ports } = planRoutingTable(this.#services.list(), this.#slices.list(), nodeName);
    if (hostPortAddresses.length === 0) return { ports };
    return { ports: [...ports, ...planHostPorts(this.#pods.list(), hostPortAddresses)] };
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
        forget();
        this.#wake = () => {};
        resolve();
      };
      const forget = onAbort(signal, this.#wake);
    });
  }

  #report(problems: readonly DataplaneProblem[]): void {
    const current = new Set<string>();
    for (const problem of problems) {
      const key = `${problem.routeId} ${problem.message}`;
      current.add(key);
      if (this.#reported.has(key)) continue;
      this.#parts.log.warn('a port cannot be served here', { ...problem });
      this.#tell(problem);
    }
    this.#reported = current;
  }

  #tell({ routeId, reason, message }: DataplaneProblem): void {
    const { events, nodeName } = this.#parts;
    const podKey = podOfHostPort(routeId);
    const object = podKey === undefined ? this.#services.get(serviceKeyOf(routeId)) : this.#pods.get(podKey);
    if (object === undefined) return;
    const what = podKey === undefined ? 'a port of this Service' : 'a host port of this Pod';
    events.event(object, 'Warning', reason, `node ${nodeName} cannot serve ${what}: ${message}`);
  }
}

/** `namespace/name:portName` → `namespace/name`; neither part can hold a colon. */
function serviceKeyOf(routeId: string): string {
  return routeId.slice(0, routeId.indexOf(':'));
}
