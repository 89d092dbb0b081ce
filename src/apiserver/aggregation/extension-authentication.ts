/**
 * What extension API servers must know to believe the API server: `kube-system/extension-apiserver-authentication`. It comes
 * back when somebody deletes or changes it; what others added stays.
 *
 * @see kubernetes/kubernetes pkg/controlplane/controller/clusterauthenticationtrust; differs: there is one API server, so
 * its authorities replace what is found
 */
import type { ConfigMap } from '../../api/generated/core-v1.ts';
import { CONFIG_MAPS } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import { Wake } from '../../base/wake.ts';
import { ensureObject } from '../ensure-object.ts';
import { keyFor, type Registry, readObject } from '../registry/registry.ts';
import { REQUEST_HEADER_SETTINGS } from './front-proxy-headers.ts';

/** PEM: who may have signed a client's certificate, of people and nodes, and of the API server speaking for somebody. */
export interface ClientAuthorities {
  clientCa(): string;
  requestHeaderCa(): string;
}

const TARGET = { row: CONFIG_MAPS, namespace: 'kube-system', name: 'extension-apiserver-authentication' };
/** Authorities are renewed while the server runs. */
const RECHECK_MS = 60 * 60 * 1000;
/** A store that cannot write now, as one whose disk is full, is asked again. */
const RETRY_MS = 1000;

export class ExtensionAuthentication {
  readonly #registry: Registry;
  readonly #authorities: ClientAuthorities;

  constructor(registry: Registry, authorities: ClientAuthorities) {
    this.#registry = registry;
    this.#authorities = authorities;
  }

  /** Idempotent. Resolves when it is durable. */
  async ensure(): Promise<void> {
    const stored = readObject(this.#registry.store, TARGET)?.value as unknown as ConfigMap | undefined;
    const data = {
      ...stored?.data,
      'client-ca-file': this.#authorities.clientCa(),
      'requestheader-client-ca-file': this.#authorities.requestHeaderCa(),
      ...REQUEST_HEADER_SETTINGS,
    };
    const { namespace, name } = TARGET;
    await ensureObject(this.#registry, CONFIG_MAPS, { metadata: { namespace, name }, data }, () => true);
  }

  /** Works until `signal` aborts, then rejects with its reason. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#registry;
    const wake = new Wake(clock);
    const watch = store.watch({ prefix: keyFor(TARGET), exact: true }, store.revision, signal);
    watch.onChange(() => {
      while (watch.take() !== undefined);
      wake.now();
    });
    try {
      for (;;) {
        await wake.wait(signal);
        if (watch.failure !== undefined) throw watch.failure;
        wake.at(clock.now() + ((await this.#tryToEnsure()) ? RECHECK_MS : RETRY_MS));
      }
    } finally {
      watch.close();
      wake.close();
    }
  }

  async #tryToEnsure(): Promise<boolean> {
    try {
      await this.ensure();
      return true;
    } catch (error) {
      if (hasReason(error, 'ServiceUnavailable', 'TooManyRequests', 'NotFound', 'Invalid')) return false;
      throw error;
    }
  }
}
