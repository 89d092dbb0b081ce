/**
 * The ConfigMaps and Secrets that this node's Pods refer to, and no others: one watch per object, shared by its Pods and
 * ended with the last of them. A change wakes the Pods that use the object.
 *
 * A kubelet may read only what its Pods refer to, so there is no list of all Secrets here.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/util/manager watch_based_manager.go
 */

import type { ConfigMap, Secret } from '../api/generated/core-v1.ts';
import type { KubeObject } from '../api/meta.ts';
import { CONFIG_MAPS, type ResourceRef, SECRETS } from '../api/resources.ts';
import { abortable } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import type { Logger } from '../base/logger.ts';
import type { ApiClient } from '../client/api-client.ts';

export interface ReferencedObjectsDeps {
  client: ApiClient;
  clock: Clock;
  log: Logger;
}

export interface SourceNames {
  configMaps: readonly string[];
  secrets: readonly string[];
}

/** Wait after a list or watch that failed. */
const RETRY_MS = 1_000;

interface Entry {
  object: KubeObject | undefined;
  readonly synced: Deferred<void>;
  readonly users: Set<string>;
  readonly abort: AbortController;
}

export class ReferencedObjects {
  readonly #deps: ReferencedObjectsDeps;
  readonly #entries = new Map<string, Entry>();
  /** Set by the kubelet: something that the Pod refers to has changed. */
  onChange: (podUid: string) => void = () => {};

  constructor(deps: ReferencedObjectsDeps) {
    this.#deps = deps;
  }

  /** Makes the Pod a user of exactly these objects; resolves when each of them is known to be there or not. */
  async use(pod: { uid: string; namespace: string }, names: SourceNames, signal: AbortSignal): Promise<void> {
    const wanted = new Set<string>();
    for (const name of names.configMaps) wanted.add(this.#open(CONFIG_MAPS, pod, name));
    for (const name of names.secrets) wanted.add(this.#open(SECRETS, pod, name));
    this.#releaseExcept(pod.uid, wanted);
    const synced = [...wanted].map((key) => this.#entries.get(key)!.synced.promise);
    await abortable(Promise.all(synced), signal);
  }

  /** The Pod is gone. */
  release(podUid: string): void {
    this.#releaseExcept(podUid, new Set());
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#entries.get(`configmaps/${namespace}/${name}`)?.object as ConfigMap | undefined;
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.#entries.get(`secrets/${namespace}/${name}`)?.object as Secret | undefined;
  }

  #open<T extends KubeObject>(
    resource: ResourceRef<T>,
    pod: { uid: string; namespace: string },
    name: string,
  ): string {
    const key = `${resource.resource}/${pod.namespace}/${name}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.users.add(pod.uid);
      return key;
    }
    const entry: Entry = {
      object: undefined,
      synced: newDeferred(),
      users: new Set([pod.uid]),
      abort: new AbortController(),
    };
    this.#entries.set(key, entry);
    void this.#follow(resource, { namespace: pod.namespace, name }, entry);
    return key;
  }

  #releaseExcept(podUid: string, wanted: ReadonlySet<string>): void {
    for (const [key, entry] of this.#entries) {
      if (wanted.has(key) || !entry.users.delete(podUid) || entry.users.size > 0) continue;
      entry.abort.abort();
      this.#entries.delete(key);
    }
  }

  async #follow<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: { namespace: string; name: string },
    entry: Entry,
  ): Promise<void> {
    const { signal } = entry.abort;
    while (!signal.aborted) {
      try {
        await this.#followOnce(resource, target, entry);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.log.warn('cannot watch an object of a Pod', {
          resource: resource.resource,
          ...target,
          error,
        });
      }
      await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }

  async #followOnce<T extends KubeObject>(
    resource: ResourceRef<T>,
    { namespace, name }: { namespace: string; name: string },
    entry: Entry,
  ): Promise<void> {
    const { signal } = entry.abort;
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const page = await this.#deps.client.list(resource, selection, signal);
    this.#set(entry, page.items[0]);
    entry.synced.resolve();
    const resourceVersion = page.metadata.resourceVersion ?? '';
    for await (const event of this.#deps.client.watch(resource, { ...selection, resourceVersion }, signal)) {
      if (event.type === 'BOOKMARK') continue;
      this.#set(entry, event.type === 'DELETED' ? undefined : event.object);
    }
  }

  #set(entry: Entry, object: KubeObject | undefined): void {
    if (entry.object?.metadata.resourceVersion === object?.metadata.resourceVersion) return;
    entry.object = object;
    for (const user of entry.users) this.onChange(user);
  }
}
