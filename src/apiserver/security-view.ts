/**
 * Feeds what decides about access from the store: roles and bindings into the RBAC index, Pods into the graph of what each
 * node may reach, and looks up what tokens are bound to.
 *
 * Invariant: a change is seen here before, or in the same turn in which, its watchers see it.
 */
import type { Pod, Secret } from '../api/generated/core-v1.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  NODES,
  PODS,
  type ResourceRow,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
  SERVICE_ACCOUNTS,
} from '../api/resources.ts';
import type { OpenStore } from '../store/mvcc-store.ts';
import type { Store, StoredObject } from '../store/store.ts';
import type { SecretLookup } from './authn/bootstrap-tokens.ts';
import type { BindableResource, TokenSubjects } from './authn/service-account-tokens.ts';
import type { NodePods } from './authz/node-pods.ts';
import type { RbacIndex, RbacObject } from './authz/rbac-index.ts';
import { prefixOf, readObject } from './registry/registry.ts';

interface Sink {
  row: ResourceRow;
  put(object: unknown): void;
  delete(object: unknown): void;
}

const RBAC_ROWS: readonly ResourceRow[] = [ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS];

function sinksOf(index: RbacIndex, pods: NodePods): Sink[] {
  const rbac = RBAC_ROWS.map(
    (row): Sink => ({
      row,
      put: (object) => index.put(object as RbacObject),
      delete: (object) => index.delete(object as RbacObject),
    }),
  );
  return [
    ...rbac,
    { row: PODS, put: (object) => pods.put(object as Pod), delete: (object) => pods.delete(object as Pod) },
  ];
}

/** Fills the indexes from what the store holds now; {@link run} keeps them current. */
export class SecurityView {
  readonly #store: Store;
  readonly #sinks: readonly Sink[];
  readonly #loadedAt: number;

  constructor(store: OpenStore, index: RbacIndex, pods: NodePods) {
    this.#store = store;
    this.#sinks = sinksOf(index, pods);
    this.#loadedAt = store.revision;
    for (const sink of this.#sinks) {
      for (const stored of store.list({ prefix: prefixOf(sink.row, '') }).objects) sink.put(stored.value);
    }
  }

  /** Works until `signal` aborts. Rejects when it fell behind so far that decisions could be wrong. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => this.#follow(sink, signal)));
  }

  async #follow(sink: Sink, signal: AbortSignal): Promise<void> {
    for await (const events of this.#store.watch(prefixOf(sink.row, ''), this.#loadedAt, signal)) {
      for (const event of events) {
        if (event.type === 'put') sink.put(event.object.value);
        else sink.delete(event.object.value);
      }
    }
  }
}

const BINDABLE: Readonly<Record<BindableResource, ResourceRow>> = {
  serviceaccounts: SERVICE_ACCOUNTS,
  pods: PODS,
  secrets: SECRETS,
  nodes: NODES,
};

/** What tokens are bound to, as the store holds it. */
export function newTokenSubjects(store: Store): TokenSubjects {
  return {
    find(resource, namespace, name) {
      const stored: StoredObject | undefined = readObject(store, {
        row: BINDABLE[resource],
        namespace,
        name,
      });
      return stored?.value.metadata as { uid: string; deletionTimestamp?: string } | undefined;
    },
  };
}

/** The Secrets that bootstrap tokens are. */
export function newSecretLookup(store: Store): SecretLookup {
  return (namespace, name) =>
    readObject(store, { row: SECRETS, namespace, name })?.value as unknown as Secret | undefined;
}
