/**
 * Follows what stands behind one APIService, for as long as it stays the same Service: checks it when something about it
 * changes and every so often, says in its status whether it can be asked, and keeps what it says about itself.
 *
 *     APIService, Service, EndpointSlices change ─┐
 *     30 s ───────────────────────────────────────┼─► check ─► document ─► condition
 *     failed: 5 ms, 10 ms, … 30 s ────────────────┘
 */
import { backendOf } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { ObjectMeta } from '../../api/generated/meta-v1.ts';
import { ENDPOINT_SLICES, SERVICES } from '../../api/resources.ts';
import { type Clock, toTimestamp } from '../../base/clock.ts';
import { hasReason } from '../../base/status-error.ts';
import { Wake } from '../../base/wake.ts';
import type { Scope, StoreEvent, StoreWatch } from '../../store/store.ts';
import { keyFor, prefixOf } from '../registry/registry.ts';
import {
  type CheckResult,
  checkExtension,
  type ExtensionCheckParts,
  readExtensionDocument,
} from './extension-check.ts';
import { withAvailability } from './judge-backend.ts';
import type { ExtensionDocument } from './served-version.ts';
import { writeConditions } from './write-conditions.ts';

/** @see remote_available_controller.go: the resync of APIServices, the limits of the queue */
const RESYNC_MS = 30_000;
const BACKOFF_FIRST_MS = 5;
/** @see handler_discovery.go: how long a document is good for */
const DOCUMENT_MS = 60_000;
/** A store that cannot write now, as one whose disk is full, is asked again. */
const RETRY_MS = 1000;
/** From there on 5 ms doubled is more than the longest wait. */
const FAILURES_MAX = 20;

export interface ExtensionWatchParts extends ExtensionCheckParts {
  clock: Clock;
  /** The APIService as it is now; undefined once it is gone. */
  current: () => APIService | undefined;
  /** Told of what it says of itself, whenever that may have changed. */
  onDocument: (document: ExtensionDocument) => void;
}

export class ExtensionWatch {
  readonly #parts: ExtensionWatchParts;
  readonly #wake: Wake;
  #failures = 0;
  #document: ExtensionDocument | undefined;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ExtensionWatchParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.clock);
  }

  /** Something about it has changed. */
  wake(): void {
    this.#readMs = Number.NEGATIVE_INFINITY;
    this.#wake.now();
  }

  /** Works until `signal` aborts, then rejects with its reason. */
  async run(service: APIService, signal: AbortSignal): Promise<void> {
    const { namespace, name } = backendOf(service)!;
    const key = keyFor({ row: SERVICES, namespace, name });
    const isOfService = ({ object }: StoreEvent) =>
      (object.value.metadata as ObjectMeta).labels?.['kubernetes.io/service-name'] === name;
    const watches = [
      this.#follow({ prefix: key, exact: true }, () => true, signal),
      this.#follow({ prefix: prefixOf(ENDPOINT_SLICES, namespace) }, isOfService, signal),
    ];
    try {
      for (;;) {
        await this.#wake.wait(signal);
        for (const { failure } of watches) if (failure !== undefined) throw failure;
        const current = this.#parts.current();
        if (current !== undefined) await this.#look(current, signal);
      }
    } finally {
      for (const watch of watches) watch.close();
      this.#wake.close();
    }
  }

  #follow(scope: Scope, concerns: (event: StoreEvent) => boolean, signal: AbortSignal): StoreWatch {
    const { store } = this.#parts;
    const watch = store.watch(scope, store.revision, signal);
    watch.onChange(() => {
      for (let events = watch.take(); events !== undefined; events = watch.take())
        if (events.some(concerns)) this.#wake.now();
      if (watch.ended) this.#wake.now();
    });
    return watch;
  }

  async #look(service: APIService, signal: AbortSignal): Promise<void> {
    const result = await checkExtension(this.#parts, service, signal);
    await this.#readDocument(service, result, signal);
    this.#failures =
      result.verdict.reason === 'FailedDiscoveryCheck' ? Math.min(this.#failures + 1, FAILURES_MAX) : 0;
    const isTold = await this.#tell(service, result);
    const waitMs = this.#failures === 0 ? RESYNC_MS : BACKOFF_FIRST_MS * 2 ** (this.#failures - 1);
    this.#wake.at(this.#parts.clock.now() + (isTold ? Math.min(waitMs, RESYNC_MS) : RETRY_MS));
  }

  /** Before it is said to be there: who then looks finds what is in it. */
  async #readDocument(service: APIService, { passed }: CheckResult, signal: AbortSignal): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (passed !== undefined && this.#document?.isCurrent && nowMs - this.#readMs < DOCUMENT_MS) return;
    const asked = passed && { ...passed, ...(this.#document && { last: this.#document }) };
    const read = asked && (await readExtensionDocument(this.#parts, service, asked, signal));
    if (read !== undefined) this.#readMs = nowMs;
    const old = this.#document ?? { resources: [], isCurrent: false };
    this.#document = read ?? { ...old, isCurrent: false };
    this.#parts.onDocument(this.#document);
  }

  async #tell({ metadata }: APIService, { verdict }: CheckResult): Promise<boolean> {
    const { store, clock } = this.#parts;
    const now = toTimestamp(clock.now());
    try {
      await writeConditions(store, metadata, (service, conditions) =>
        service.spec.service === undefined ? conditions : withAvailability(conditions, verdict, now),
      );
      return true;
    } catch (error) {
      if (hasReason(error, 'ServiceUnavailable', 'TooManyRequests')) return false;
      throw error;
    }
  }
}
