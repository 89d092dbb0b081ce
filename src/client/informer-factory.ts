/**
 * The informers of one process: one reflector and one copy per resource and selector, shared by all its users, however
 * late they ask.
 */
import type { KubeObject } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';
import { abortable, aborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { ApiClient } from './api-client.ts';
import type { Informer, InformerFactory, InformerSelector } from './informer.ts';
import { InformerCache } from './informer-cache.ts';
import { Reflector } from './reflector.ts';

export interface InformerFactoryOptions {
  client: ApiClient;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface RunningInformerFactory extends InformerFactory {
  /**
   * Fills all informers, and those asked for later, and keeps them current until `signal` aborts. Rejects only when an
   * invariant is broken, a listener's included. Call it once.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when every informer asked for so far is synced. */
  whenAllSynced(signal: AbortSignal): Promise<void>;
}

export function newInformerFactory(options: InformerFactoryOptions): RunningInformerFactory {
  return new SharedInformers(options);
}

class SharedInformers implements RunningInformerFactory {
  readonly #options: InformerFactoryOptions;
  readonly #informers = new Map<string, ReflectedInformer<KubeObject>>();
  #signal: AbortSignal | undefined;
  readonly #failure = newDeferred<never>();

  constructor(options: InformerFactoryOptions) {
    this.#options = options;
  }

  informer<T extends KubeObject>(resource: ResourceRef<T>, selector: InformerSelector = {}): Informer<T> {
    const id = informerId(resource, selector);
    const known = this.#informers.get(id);
    // The id holds the resource, and a resource has one type of object.
    if (known !== undefined) return known as unknown as Informer<T>;
    const informer = new ReflectedInformer<T>(this.#options, resource, selector, id);
    this.#informers.set(id, informer as unknown as ReflectedInformer<KubeObject>);
    if (this.#signal !== undefined) this.#start(informer, this.#signal);
    return informer;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#start(informer, signal);
    await Promise.race([aborted(signal), this.#failure.promise]);
    await Promise.all([...this.#informers.values()].map((informer) => informer.finished));
  }

  async whenAllSynced(signal: AbortSignal): Promise<void> {
    for (const informer of this.#informers.values()) await informer.whenSynced(signal);
  }

  #start(informer: { run(signal: AbortSignal): Promise<void> }, signal: AbortSignal): void {
    informer.run(signal).catch((error: unknown) => this.#failure.reject(error));
  }
}

/** Separated by what no selector contains. */
function informerId(resource: ResourceRef<unknown>, selector: InformerSelector): string {
  const { namespace = '', labelSelector = '', fieldSelector = '' } = selector;
  const { group, version } = resource;
  return [group, version, resource.resource, namespace, labelSelector, fieldSelector].join('|');
}

const NOT_STARTED: Promise<void> = Promise.resolve();

class ReflectedInformer<T extends KubeObject> extends InformerCache<T> implements Informer<T> {
  readonly #reflector: Reflector<T>;
  /** There while somebody waits for the first list. */
  #firstList: Deferred<void> | undefined;
  #synced = false;
  #finished = NOT_STARTED;

  constructor(
    options: InformerFactoryOptions,
    resource: ResourceRef<T>,
    selector: InformerSelector,
    id: string,
  ) {
    super();
    const random = options.random.fork(`reflector ${id}`);
    this.#reflector = new Reflector({ ...options, random, resource, selector }, this);
  }

  get synced(): boolean {
    return this.#synced;
  }

  get revision(): string {
    return this.#reflector.revision;
  }

  get finished(): Promise<void> {
    return this.#finished;
  }

  whenSynced(signal: AbortSignal): Promise<void> {
    if (this.#synced) return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    this.#firstList ??= newDeferred();
    return abortable(this.#firstList.promise, signal);
  }

  override replace(objects: Iterable<T>): void {
    super.replace(objects);
    if (this.#synced) return;
    this.#synced = true;
    this.#firstList?.resolve();
    this.#firstList = undefined;
  }

  run(signal: AbortSignal): Promise<void> {
    this.#finished = this.#reflector.run(signal);
    return this.#finished;
  }
}
