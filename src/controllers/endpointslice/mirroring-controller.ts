/**
 * Mirrors Endpoints that somebody wrote for a Service without a selector into EndpointSlices. A controller of its own, as
 * upstream, since it acts under another role.
 */
import type { Endpoints, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { isMirrored, MIRRORED_BY, reconcileMirror } from './mirror.ts';
import { followOwnSlices } from './own-slices.ts';
import { ignoreEndingNamespace } from './service-watch.ts';
import { SliceWrites } from './slice-writes.ts';

/** Upstream's --mirroring-concurrent-service-endpoint-syncs. */
const WORKERS = 5;

export function newEndpointSliceMirroring(context: ControllerContext): Controller {
  return new MirroringController(context).loop;
}

/** Endpoints and their Service have the same key. */
class MirroringController {
  readonly loop: WorkerLoop;
  readonly #endpoints: Informer<Endpoints>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #writes: SliceWrites;
  readonly #ownSlices: (key: string) => readonly EndpointSlice[];

  constructor(context: ControllerContext) {
    const { informers } = context;
    this.#endpoints = informers.informer(ENDPOINTS);
    this.#services = informers.informer(SERVICES);
    this.#slices = informers.informer(ENDPOINT_SLICES);
    this.#writes = new SliceWrites(context, this.#slices);
    this.loop = newWorkerLoop(context, {
      name: 'endpointslicemirroring',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#endpoints, this.#services, this.#slices],
      resync: { lister: this.#endpoints, intervalMs: DEFAULT_RESYNC_MS },
    });
    this.#listen();
    this.#ownSlices = followOwnSlices(this.#slices, MIRRORED_BY, (key) => this.loop.enqueue(key));
  }

  #listen(): void {
    const enqueue = (object: Endpoints | Service) => this.loop.enqueue(keyOf(object));
    this.#services.addListener({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    this.#endpoints.addListener({
      onAdd: enqueue,
      onUpdate: enqueue,
      onDelete: (endpoints) => this.#writes.forget(endpoints),
    });
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const endpoints = this.#endpoints.get(key);
    // The slices of Endpoints that are gone go by their owner reference.
    if (endpoints === undefined) return {};
    const own = this.#ownSlices(key).filter((slice) => controllerOf(slice)?.uid === endpoints.metadata.uid);
    const slices = this.#writes.observe(endpoints, own);
    const plan = isMirrored(endpoints, this.#services.get(key))
      ? reconcileMirror(endpoints, slices)
      : { create: [], update: [], delete: slices };
    await this.#writes.apply(endpoints, plan, signal).catch(ignoreEndingNamespace);
    return {};
  }
}
