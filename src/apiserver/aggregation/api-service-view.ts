/**
 * The APIServices as the store has them: by name, those with a Service apart, since every request asks for these.
 *
 * Invariant: a change is seen here before, or in the same turn in which, its watchers see it.
 */
import { apiServiceName, isExtension } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import { API_SERVICES } from '../../api/resources.ts';
import type { Store, StoredValue } from '../../store/store.ts';
import { prefixOf } from '../registry/registry.ts';
import { defaultPriority, type Priority } from './priorities.ts';

/** `service` is undefined when it is gone. */
export type ApiServiceListener = (name: string, service: APIService | undefined) => void;

export class ApiServiceView {
  readonly #store: Store;
  readonly #loadedAt: number;
  readonly #all = new Map<string, APIService>();
  readonly #extensions = new Map<string, APIService>();
  readonly #listeners = new Set<ApiServiceListener>();

  constructor(store: Store) {
    this.#store = store;
    this.#loadedAt = store.revision;
    for (const { value } of store.list({ prefix: prefixOf(API_SERVICES, '') }).objects)
      this.#put(toApiService(value));
  }

  get all(): Iterable<APIService> {
    return this.#all.values();
  }

  /** Of those whose group versions others serve. */
  get extensions(): ReadonlyMap<string, APIService> {
    return this.#extensions;
  }

  get(name: string): APIService | undefined {
    return this.#all.get(name);
  }

  /** Undefined when this server answers requests for the group version itself. */
  extensionFor(group: string, version: string): APIService | undefined {
    return this.#extensions.size === 0 ? undefined : this.#extensions.get(apiServiceName(group, version));
  }

  priorityOf({ group, version }: { group: string; version: string }): Priority {
    const spec = this.#all.get(apiServiceName(group, version))?.spec;
    if (spec === undefined) return defaultPriority(group, version);
    return { group: spec.groupPriorityMinimum, version: spec.versionPriority };
  }

  /** Told of every change from now on. */
  onChange(listener: ApiServiceListener): void {
    this.#listeners.add(listener);
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const events of this.#store.watch(prefixOf(API_SERVICES, ''), this.#loadedAt, signal)) {
      for (const { type, object } of events) {
        const service = toApiService(object.value);
        if (type === 'put') this.#put(service);
        else this.#delete(service.metadata.name);
        for (const listener of this.#listeners)
          listener(service.metadata.name, type === 'put' ? service : undefined);
      }
    }
  }

  #put(service: APIService): void {
    const { name } = service.metadata;
    this.#all.set(name, service);
    if (isExtension(service)) this.#extensions.set(name, service);
    else this.#extensions.delete(name);
  }

  #delete(name: string): void {
    this.#all.delete(name);
    this.#extensions.delete(name);
  }
}

function toApiService(value: StoredValue): APIService {
  return value as unknown as APIService;
}
