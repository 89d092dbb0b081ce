/** The writes of one controller's EndpointSlices, and its caches with those in flight applied. */
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { type KubeObject, keyOf } from '../../api/meta.ts';
import { ENDPOINT_SLICES } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { type Expectations, newExpectations } from '../framework/expectations.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import type { SlicePlan } from './reconcile.ts';
import { ignoreNotFound } from './service-watch.ts';

export class SliceWrites {
  readonly #context: ControllerContext;
  readonly #expectations: Expectations<EndpointSlice>;
  readonly #latest: LatestWrites<EndpointSlice> = newLatestWrites();

  constructor(context: ControllerContext, slices: Informer<EndpointSlice>) {
    this.#context = context;
    this.#expectations = newExpectations(slices);
    slices.addListener({
      onAdd: () => {},
      onUpdate: () => {},
      onDelete: (slice) => this.#latest.forget(keyOf(slice)),
    });
  }

  /** What is kept for `owner`, of which the cache shows `cached`. */
  observe({ metadata }: KubeObject, cached: readonly EndpointSlice[]): EndpointSlice[] {
    return this.#expectations
      .observe(metadata.uid, cached)
      .filter((slice) => slice.metadata.deletionTimestamp === undefined)
      .map((slice) => this.#latest.latest(slice));
  }

  forget({ metadata }: KubeObject): void {
    this.#expectations.forget(metadata.uid);
  }

  /** Additions first: for a moment an endpoint may be in two slices, but never in none. */
  async apply({ metadata: { uid } }: KubeObject, plan: SlicePlan, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context;
    for (const slice of plan.create) {
      this.#expectations.created(uid, await client.create(ENDPOINT_SLICES, slice, signal));
    }
    for (const slice of plan.update) {
      this.#latest.note(await client.update(ENDPOINT_SLICES, slice, signal));
    }
    for (const { metadata } of plan.delete) {
      const target = { namespace: metadata.namespace ?? '', name: metadata.name };
      await client
        .delete(ENDPOINT_SLICES, target, { preconditions: { uid: metadata.uid } }, signal)
        .catch(ignoreNotFound);
      this.#expectations.deleted(uid, metadata.uid, toTimestamp(clock.now()));
    }
  }
}
