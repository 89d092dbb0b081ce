/**
 * Keeps the core Endpoints of every Service with a selector: the same facts as the slices, for clients that do not read
 * those. A controller of its own, as upstream, since it acts under another role.
 */
import type { Endpoints, Pod, Service } from '../../api/generated/core-v1.ts';
import { keyOf, splitKey } from '../../api/meta.ts';
import { ENDPOINTS, PODS, SERVICES } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { isSameEndpoints, MANAGED_BY, MANAGED_BY_LABEL, newCoreEndpoints } from './core-endpoints.ts';
import { hasManagedEndpoints } from './service-facts.ts';
import { ignoreEndingNamespace, ignoreNotFound, listenToServices, selectedPods } from './service-watch.ts';

/** Upstream's --concurrent-endpoint-syncs. */
const WORKERS = 5;

export function newEndpointsController(context: ControllerContext): Controller {
  return new EndpointsController(context).loop;
}

class EndpointsController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #latest: LatestWrites<Endpoints> = newLatestWrites();
  /** Services that went while we watched, until their Endpoints have been dealt with. */
  readonly #deletedServices = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#services = context.informers.informer(SERVICES);
    this.#pods = context.informers.informer(PODS);
    this.#endpoints = context.informers.informer(ENDPOINTS);
    this.loop = newWorkerLoop(context, {
      name: 'endpoints',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#services, this.#pods, this.#endpoints],
      resync: { lister: this.#services, intervalMs: DEFAULT_RESYNC_MS },
    });
    listenToServices({ services: this.#services, pods: this.#pods }, (key) => this.loop.enqueue(key));
    this.#services.addListener({
      onAdd: (service) => this.#deletedServices.delete(keyOf(service)),
      onUpdate: () => {},
      onDelete: (service) => this.#deletedServices.add(keyOf(service)),
    });
    // Also those from before a start whose Service went meanwhile.
    this.#endpoints.addListener({
      onAdd: (endpoints) => this.loop.enqueue(keyOf(endpoints)),
      onUpdate: (endpoints) => this.loop.enqueue(keyOf(endpoints)),
      onDelete: (endpoints) => {
        this.#latest.forget(keyOf(endpoints));
        this.loop.enqueue(keyOf(endpoints));
      },
    });
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const service = this.#services.get(key);
    if (service === undefined) await this.#deleteLeftover(key, signal);
    else if (hasManagedEndpoints(service)) await this.#apply(service, signal).catch(ignoreEndingNamespace);
    return {};
  }

  async #apply(service: Service, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    const wanted = newCoreEndpoints(service, selectedPods(service, this.#pods));
    const cached = this.#endpoints.get(keyOf(service));
    if (cached === undefined) {
      // One that the cache does not show yet is met as AlreadyExists, and looked at again.
      this.#latest.note(await client.create(ENDPOINTS, wanted, signal));
      return;
    }
    const current = this.#latest.latest(cached);
    if (isSameEndpoints(current, wanted)) return;
    const { labels = {}, annotations = {} } = wanted.metadata;
    const { subsets: _, ...rest } = current;
    const next: Endpoints = {
      ...rest,
      metadata: {
        ...current.metadata,
        labels,
        annotations: { ...current.metadata.annotations, ...annotations },
      },
      ...(wanted.subsets === undefined ? {} : { subsets: wanted.subsets }),
    };
    this.#latest.note(await client.update(ENDPOINTS, next, signal));
  }

  /** With their Service, Endpoints go whoever made them; those that never had one stay unless they are ours. */
  async #deleteLeftover(key: string, signal: AbortSignal): Promise<void> {
    const endpoints = this.#endpoints.get(key);
    const isManaged = endpoints?.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
    if (endpoints !== undefined && (isManaged || this.#deletedServices.has(key))) {
      await this.#context.client.delete(ENDPOINTS, splitKey(key), {}, signal).catch(ignoreNotFound);
    }
    this.#deletedServices.delete(key);
  }
}
