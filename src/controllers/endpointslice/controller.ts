/**
 * Keeps the EndpointSlices and the core Endpoints of every Service with a selector. A Pod whose readiness changes is
 * written in the same turn in which its change arrives: nothing is batched, since requests fail meanwhile.
 */
import type { Endpoints, Node, Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { keyOf, namespaceOf, splitKey } from '../../api/meta.ts';
import { ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES } from '../../api/resources.ts';
import { newEqualityMatcher } from '../../api/selectors.ts';
import { toTimestamp } from '../../base/clock.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { type Expectations, newExpectations } from '../framework/expectations.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import { isNamespaceTerminating } from '../framework/pod-control.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { isSameEndpoints, newCoreEndpoints } from './core-endpoints.ts';
import { isEndpointChange } from './endpoint.ts';
import {
  MANAGED_BY,
  MANAGED_BY_LABEL,
  reconcileEndpointSlices,
  SERVICE_NAME_LABEL,
  type SlicePlan,
} from './reconcile.ts';
import { hasManagedEndpoints } from './service-facts.ts';

/** Upstream's --concurrent-service-endpoint-syncs. */
const WORKERS = 5;
const BY_SERVICE = 'service';
const ZONE_LABEL = 'topology.kubernetes.io/zone';

export function newEndpointSliceController(context: ControllerContext): Controller {
  return new EndpointSliceController(context).loop;
}

class EndpointSliceController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #expectations: Expectations<EndpointSlice>;
  readonly #latestSlices: LatestWrites<EndpointSlice> = newLatestWrites();
  readonly #latestEndpoints: LatestWrites<Endpoints> = newLatestWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
    const { informers } = context;
    this.#services = informers.informer(SERVICES);
    this.#pods = informers.informer(PODS);
    this.#nodes = informers.informer(NODES);
    this.#slices = informers.informer(ENDPOINT_SLICES);
    this.#endpoints = informers.informer(ENDPOINTS);
    this.#expectations = newExpectations(this.#slices);
    this.loop = newWorkerLoop(context, {
      name: 'endpointslice',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#services, this.#pods, this.#nodes, this.#slices, this.#endpoints],
      resync: { lister: this.#services, intervalMs: DEFAULT_RESYNC_MS },
    });
    this.#slices.addIndex(BY_SERVICE, (slice) =>
      slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY ? [serviceKeyOf(slice)] : [],
    );
    this.#listenToServices();
    this.#listenToPods();
    this.#listenToOwnObjects();
  }

  #listenToServices(): void {
    this.#services.addListener({
      onAdd: (service) => this.loop.enqueue(keyOf(service)),
      onUpdate: (service) => this.loop.enqueue(keyOf(service)),
      onDelete: (service) => {
        this.#expectations.forget(service.metadata.uid);
        this.loop.enqueue(keyOf(service));
      },
    });
  }

  #listenToPods(): void {
    this.#pods.addListener({
      onAdd: (pod) => this.#enqueueSelecting(pod),
      onUpdate: (pod, previous) => {
        if (!isEndpointChange(pod, previous)) return;
        this.#enqueueSelecting(pod);
        if (pod.metadata.labels !== previous.metadata.labels) this.#enqueueSelecting(previous);
      },
      onDelete: (pod) => this.#enqueueSelecting(pod),
    });
  }

  /** Someone else's change to what this controller wrote is mended. */
  #listenToOwnObjects(): void {
    const enqueueSlice = (slice: EndpointSlice) => {
      if (slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY) this.loop.enqueue(serviceKeyOf(slice));
    };
    this.#slices.addListener({
      onAdd: enqueueSlice,
      onUpdate: enqueueSlice,
      onDelete: (slice) => {
        this.#latestSlices.forget(keyOf(slice));
        enqueueSlice(slice);
      },
    });
    this.#endpoints.addListener({
      onAdd: () => {},
      onUpdate: (endpoints) => this.loop.enqueue(keyOf(endpoints)),
      onDelete: (endpoints) => {
        this.#latestEndpoints.forget(keyOf(endpoints));
        this.loop.enqueue(keyOf(endpoints));
      },
    });
  }

  #enqueueSelecting(pod: Pod): void {
    for (const service of this.#services.list(namespaceOf(pod))) {
      if (newEqualityMatcher(service.spec.selector)(pod.metadata.labels)) this.loop.enqueue(keyOf(service));
    }
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const service = this.#services.get(key);
    if (service === undefined) {
      await this.#deleteEndpoints(key, signal);
      return {};
    }
    if (!hasManagedEndpoints(service) || service.metadata.deletionTimestamp !== undefined) return {};
    const matches = newEqualityMatcher(service.spec.selector);
    const pods = this.#pods.list(namespaceOf(service)).filter((pod) => matches(pod.metadata.labels));
    const plan = reconcileEndpointSlices(service, {
      pods,
      slices: this.#observeSlices(service),
      zoneOf: (node) => this.#nodes.get(node)?.metadata.labels?.[ZONE_LABEL],
    });
    await this.#applySlices(service, plan, signal).catch(ignoreEndingNamespace);
    await this.#applyEndpoints(service, pods, signal).catch(ignoreEndingNamespace);
    return {};
  }

  #observeSlices(service: Service): EndpointSlice[] {
    const cached = this.#slices.byIndex(BY_SERVICE, keyOf(service));
    return this.#expectations
      .observe(service.metadata.uid, cached)
      .filter((slice) => slice.metadata.deletionTimestamp === undefined)
      .map((slice) => this.#latestSlices.latest(slice));
  }

  /** Additions first: for a moment an endpoint may be in two slices, but never in none. */
  async #applySlices(service: Service, plan: SlicePlan, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    const { uid } = service.metadata;
    for (const slice of plan.create) {
      this.#expectations.created(uid, await client.create(ENDPOINT_SLICES, slice, signal));
    }
    for (const slice of plan.update) {
      this.#latestSlices.note(await client.update(ENDPOINT_SLICES, slice, signal));
    }
    for (const { metadata } of plan.delete) {
      const target = { namespace: metadata.namespace ?? '', name: metadata.name };
      await client
        .delete(ENDPOINT_SLICES, target, { preconditions: { uid: metadata.uid } }, signal)
        .catch(ignoreNotFound);
      this.#expectations.deleted(uid, metadata.uid, toTimestamp(clock.now()));
    }
  }

  async #applyEndpoints(service: Service, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    const wanted = newCoreEndpoints(service, pods);
    const cached = this.#endpoints.get(keyOf(service));
    if (cached === undefined) {
      // One that the cache does not show yet is met as AlreadyExists, and looked at again.
      this.#latestEndpoints.note(await client.create(ENDPOINTS, wanted, signal));
      return;
    }
    const current = this.#latestEndpoints.latest(cached);
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
    this.#latestEndpoints.note(await client.update(ENDPOINTS, next, signal));
  }

  /** Slices have an owner reference; the core object has none and is deleted by name. */
  async #deleteEndpoints(key: string, signal: AbortSignal): Promise<void> {
    if (this.#endpoints.get(key) === undefined) return;
    await this.#context.client.delete(ENDPOINTS, splitKey(key), {}, signal).catch(ignoreNotFound);
  }
}

function serviceKeyOf(slice: EndpointSlice): string {
  return `${namespaceOf(slice)}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`;
}

function ignoreNotFound(error: unknown): void {
  if (!hasReason(error, 'NotFound')) throw error;
}

function ignoreEndingNamespace(error: unknown): void {
  if (!isNamespaceTerminating(error)) throw error;
}
