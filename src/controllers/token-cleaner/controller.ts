/** Deletes bootstrap tokens when they expire. @see kubernetes/kubernetes pkg/controller/bootstrap/tokencleaner.go */
import type { Secret } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { SECRETS } from '../../api/resources.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { expiryMs } from './expiry.ts';

const WORKERS = 1;
const NAMESPACE = 'kube-system';
const SECRET_TYPE = 'bootstrap.kubernetes.io/token';
const WAIT_MAX_MS = 24 * 3_600_000;

export function newTokenCleaner(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const tokens = informers.informer<Secret>(SECRETS, { fieldSelector: `type=${SECRET_TYPE}` });

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const secret = tokens.get(key);
    if (secret === undefined) return {};
    const atMs = expiryMs(secret);
    const leftMs = atMs - clock.now();
    if (leftMs > 0)
      return atMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: Math.min(leftMs, WAIT_MAX_MS) };
    const { name, uid } = secret.metadata;
    await client.delete(SECRETS, { namespace: NAMESPACE, name }, { preconditions: { uid } }, signal);
    return {};
  }

  const loop = newWorkerLoop(context, {
    name: 'token_cleaner',
    workers: WORKERS,
    sync,
    informers: [tokens],
    resync: { lister: tokens, intervalMs: DEFAULT_RESYNC_MS },
  });
  const enqueue = (secret: Secret) => {
    if (secret.metadata.namespace === NAMESPACE) loop.enqueue(keyOf(secret));
  };
  tokens.addListener({ onAdd: enqueue, onUpdate: enqueue, onDelete() {} });
  return loop;
}
