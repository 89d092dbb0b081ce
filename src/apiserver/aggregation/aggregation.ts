/**
 * Extension API servers beside this one: which group versions are theirs, whether they can be asked, and what there is
 * altogether.
 *
 *     APIServices ─► ApiServiceView ─┬─► requests (extension-response.ts)
 *                                    ├─► ExtensionWatch, one for each with a Service ─► condition, document
 *     kinds ──► LocalApiServices ────┴─► served: what discovery lists
 *
 * Invariant: a request for a group version goes to the extension from the turn on in which its APIService is seen.
 */
import { backendOf } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import { equalJson } from '../../api/json.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { isCancellation, newScope } from '../../base/abort.ts';
import type { KindCatalog } from '../kinds.ts';
import type { Registry } from '../registry/registry.ts';
import { AggregationMetrics } from './aggregation-metrics.ts';
import { ApiServiceView } from './api-service-view.ts';
import { type ClientAuthorities, ExtensionAuthentication } from './extension-authentication.ts';
import type { ExtensionReader } from './extension-reader.ts';
import { ExtensionWatch } from './extension-watch.ts';
import { LocalApiServices } from './local-api-services.ts';
import {
  type ExtensionDocument,
  type ServedVersion,
  sortVersions,
  toServedVersions,
} from './served-version.ts';

export interface ExtensionAccess {
  reader: ExtensionReader;
  authorities: ClientAuthorities;
}

/** What discovery could not be asked for yet. */
const UNKNOWN: ExtensionDocument = { resources: [], isCurrent: false };

interface Followed {
  service: APIService;
  watch: ExtensionWatch;
  ending: AbortController;
}

export class Aggregation {
  readonly view: ApiServiceView;
  readonly metrics: AggregationMetrics;
  readonly #registry: Registry;
  readonly #kinds: KindCatalog;
  readonly #reader: ExtensionReader;
  readonly #local: LocalApiServices;
  readonly #authentication: ExtensionAuthentication;
  readonly #followed = new Map<string, Followed>();
  /** Of those that are followed, and of those that are just ending. */
  readonly #working = new Set<Promise<void>>();
  readonly #documents = new Map<string, ExtensionDocument>();
  #served: readonly ServedVersion[] = [];
  /** What `#served` was made of; undefined when something else has changed. */
  #servedRows: readonly ResourceRow[] | undefined;

  constructor(registry: Registry, kinds: KindCatalog, { reader, authorities }: ExtensionAccess) {
    this.#registry = registry;
    this.#kinds = kinds;
    this.#reader = reader;
    this.view = new ApiServiceView(registry.store);
    this.metrics = new AggregationMetrics(this.view);
    this.#local = new LocalApiServices(registry, kinds, this.view);
    this.#authentication = new ExtensionAuthentication(registry, authorities);
    this.view.onChange(() => {
      this.#servedRows = undefined;
    });
  }

  /** What is to be there before requests are taken, after the system namespaces. Idempotent. */
  async start(): Promise<void> {
    await Promise.all([this.#local.start(), this.#authentication.ensure()]);
  }

  /** Works until `signal` aborts, then rejects with its reason. */
  async run(signal: AbortSignal): Promise<void> {
    const scope = newScope(signal);
    const broken = Promise.withResolvers<never>();
    this.#followAll(broken.reject, scope.signal);
    const tasks = [this.#local, this.#authentication, this.view].map((part) => part.run(scope.signal));
    try {
      await Promise.race([...tasks, broken.promise]);
      signal.throwIfAborted();
    } finally {
      scope.abort();
      await Promise.allSettled([...tasks, ...this.#working]);
    }
  }

  /** Every group version there is, in order; another array once something has changed. */
  served(): readonly ServedVersion[] {
    const { rows } = this.#kinds;
    if (this.#servedRows === rows) return this.#served;
    const own = toServedVersions(rows).filter(
      ({ group, version }) => this.view.extensionFor(group, version) === undefined,
    );
    const others = [...this.view.extensions.values()].map(({ metadata, spec }) => ({
      group: spec.group!,
      version: spec.version!,
      rows: [],
      extension: this.#documents.get(metadata.name) ?? UNKNOWN,
    }));
    this.#served = sortVersions([...own, ...others], (version) => this.view.priorityOf(version));
    this.#servedRows = rows;
    return this.#served;
  }

  #followAll(onBroken: (error: unknown) => void, signal: AbortSignal): void {
    this.view.onChange((name) => {
      if (signal.aborted) return;
      const service = this.view.extensions.get(name);
      const followed = this.#followed.get(name);
      if (followed !== undefined && isSameBackend(followed.service, service)) {
        this.#changed(followed, service!);
        return;
      }
      if (followed !== undefined) this.#forget(name, followed);
      if (service !== undefined) this.#follow(service, onBroken, signal);
    });
    for (const service of this.view.extensions.values()) this.#follow(service, onBroken, signal);
  }

  #follow(service: APIService, onBroken: (error: unknown) => void, signal: AbortSignal): void {
    const { store, clock, random } = this.#registry;
    const { name } = service.metadata;
    const ending = newScope(signal);
    const watch = new ExtensionWatch({
      store,
      clock,
      random: random.fork(`extension ${name}`),
      reader: this.#reader,
      current: () => this.view.extensions.get(name),
      onDocument: (document) => this.#learn(name, document, ending.signal),
    });
    this.#followed.set(name, { service, watch, ending });
    const work = watch.run(service, ending.signal).catch((error: unknown) => {
      if (!isCancellation(error, ending.signal)) onBroken(error);
    });
    this.#working.add(work);
    void work.then(() => this.#working.delete(work));
  }

  #learn(name: string, document: ExtensionDocument, signal: AbortSignal): void {
    if (signal.aborted || equalJson(this.#documents.get(name), document)) return;
    this.#documents.set(name, document);
    this.#servedRows = undefined;
  }

  /** Its own conditions are no news. */
  #changed(followed: Followed, service: APIService): void {
    const isNews = !equalJson(followed.service.spec, service.spec);
    followed.service = service;
    if (isNews) followed.watch.wake();
  }

  #forget(name: string, { ending }: Followed): void {
    this.#followed.delete(name);
    this.#documents.delete(name);
    ending.abort();
  }
}

function isSameBackend(old: APIService, service: APIService | undefined): boolean {
  if (service === undefined || old.metadata.uid !== service.metadata.uid) return false;
  return equalJson(backendOf(old), backendOf(service));
}
