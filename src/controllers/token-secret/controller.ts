/**
 * Fills Secrets of type `kubernetes.io/service-account-token`, which somebody makes for what has no Pod: token, namespace and
 * the cluster's authority. Such a token does not expire; it dies with its Secret and with its account.
 */
import type { TokenRequest } from '../../api/generated/authentication-v1.ts';
import type { Secret, ServiceAccount } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { SECRETS, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { toBase64 } from '../../base/base64.ts';
import { findObject } from '../../client/find-object.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { accountNameOf, reconcileTokenSecret, TOKEN_SECRET_TYPE } from './reconcile.ts';

/** Upstream's --concurrent-serviceaccount-token-syncs. */
const WORKERS = 5;

/** The longest that can be asked for, 136 years. */
const EXPIRATION_SECONDS = 2 ** 32;

const encoder = new TextEncoder();

/** @param certificates  PEM of the authority that signed the API server's certificate */
export function newTokenSecretController(context: ControllerContext, certificates: string): Controller {
  const { client, informers } = context;
  const secrets = informers.informer<Secret>(SECRETS, { fieldSelector: `type=${TOKEN_SECRET_TYPE}` });
  const accounts = informers.informer<ServiceAccount>(SERVICE_ACCOUNTS);
  const authority = base64Of(certificates);

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = secrets.get(key);
    const name = cached && accountNameOf(cached);
    if (cached === undefined || !name) return {};
    const namespace = namespaceOf(cached);
    // A cache that is behind must not cost a Secret.
    const account =
      accounts.get(`${namespace}/${name}`) ??
      (await findObject(client, SERVICE_ACCOUNTS, { namespace, name }, signal));
    const wanted = { 'ca.crt': authority, namespace: base64Of(namespace) };
    const plan = reconcileTokenSecret(cached, account, wanted);
    if (plan.kind === 'delete') {
      const { uid, resourceVersion } = cached.metadata;
      const target = { namespace, name: cached.metadata.name };
      await client.delete(SECRETS, target, { preconditions: { uid, resourceVersion } }, signal);
    }
    if (plan.kind === 'fill') {
      const data: Record<string, string> = { ...plan.secret.data };
      if (plan.needsToken) data['token'] = base64Of(await newToken(cached, name, signal));
      await client.update(SECRETS, { ...plan.secret, data }, signal);
    }
    return {};
  }

  async function newToken({ metadata }: Secret, name: string, signal: AbortSignal): Promise<string> {
    const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: metadata.name, uid: metadata.uid };
    const spec = { audiences: [], expirationSeconds: EXPIRATION_SECONDS, boundObjectRef };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const target = { namespace: metadata.namespace ?? '', name };
    const answer = await client.createSubresource(SERVICE_ACCOUNTS, target, { name: 'token', body }, signal);
    return (answer as TokenRequest).status!.token!;
  }

  const loop = newWorkerLoop(context, {
    name: 'serviceaccount-token',
    workers: WORKERS,
    sync,
    informers: [secrets, accounts],
    resync: { lister: secrets, intervalMs: DEFAULT_RESYNC_MS },
  });
  const enqueue = (secret: Secret) => loop.enqueue(keyOf(secret));
  const enqueueOf = (account: ServiceAccount) => {
    for (const secret of secrets.list(namespaceOf(account)))
      if (accountNameOf(secret) === account.metadata.name) enqueue(secret);
  };
  secrets.addListener({ onAdd: enqueue, onUpdate: enqueue, onDelete() {} });
  accounts.addListener({ onAdd: enqueueOf, onUpdate() {}, onDelete: enqueueOf });
  return loop;
}

function base64Of(text: string): string {
  return toBase64(encoder.encode(text));
}
