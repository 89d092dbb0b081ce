/**
 * Keeps the EndpointSlices of every Service with a selector. A Pod whose readiness changes is
 * written in the same turn in which its change arrives: nothing is batched, since requests fail meanwhile.
 */
import type { Node, Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { followOwnSlices } from './own-slices.ts';
import { MANAGED_BY, reconcileEndpointSlices } from './reconcile.ts';
import { hasManagedEndpoints } from './service-facts.ts';
import { ignoreEndingNamespace, listenToServices, selectedPods } from './service-watch.ts';
import { SliceWrites } from './slice-writes.ts';

/** Upstream's --concurrent-service-endpoint-syncs. */
const WORKERS = 5;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

export function newEndpointSliceController(context: ControllerContext): Controller {
  return new EndpointSliceController(context).loop;
}

class EndpointSliceController {
  readonly loop: WorkerLoop;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #writes: SliceWrites;
  readonly #ownSlices: (key: string) => readonly EndpointSlice[];

  constructor(context: ControllerContext) {
    const { informers } = context;
    this.#services = informers.informer(SERVICES);
    this.#pods = informers.informer(PODS);
    this.#nodes = informers.informer(NODES);
    this.#slices = informers.informer(ENDPOINT_SLICES);
    this.#writes = new SliceWrites(context, this.#slices);
    this.loop = newWorkerLoop(context, {
      name: 'endpointslice',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#services, this.#pods, this.#nodes, this.#slices],
      resync: { lister: this.#services, intervalMs: DEFAULT_RESYNC_MS },
    });
    listenToServices({ services: this.#services, pods: this.#pods }, (key) => this.loop.enqueue(key));
    this.#services.addListener({
      onAdd: () => {},
      onUpdate: () => {},
      onDelete: (service) => this.#writes.forget(service),
    });
    this.#ownSlices = followOwnSlices(this.#slices, MANAGED_BY, (key) => this.loop.enqueue(key));
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const service = this.#services.get(key);
    // The slices of a Service that is gone go by their owner reference.
    if (service === undefined || !hasManagedEndpoints(service)) return {};
    const pods = selectedPods(service, this.#pods);
    const plan = reconcileEndpointSlices(service, {
      pods,
      slices: this.#writes.observe(service, this.#ownSlices(keyOf(service))),
      zoneOf: (node) => this.#nodes.get(node)?.metadata.labels?.[ZONE_LABEL],
    });
    await this.#writes.apply(service, plan, signal).catch(ignoreEndingNamespace);
    return {};
  }
}
