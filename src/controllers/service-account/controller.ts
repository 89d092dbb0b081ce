/**
 * Keeps a ServiceAccount `default` in every active namespace: Pods that name none run as it.
 * @see k8s.io/kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go
 */
import type { Namespace, ServiceAccount } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { NAMESPACES, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { hasCause, hasReason } from '../../base/status-error.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { planServiceAccounts } from './reconcile.ts';

/** Upstream's --concurrent-serviceaccount-token-syncs has no say here: one worker, as upstream's controller. */
const WORKERS = 1;

export function newServiceAccountController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const namespaces = informers.informer<Namespace>(NAMESPACES);
  const accounts = informers.informer<ServiceAccount>(SERVICE_ACCOUNTS);

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const existing = accounts.list(key).map((account) => account.metadata.name);
    for (const account of planServiceAccounts(namespaces.get(key), existing)) {
      await client.create(SERVICE_ACCOUNTS, account, signal).catch((error: unknown) => {
        if (!hasReason(error, 'AlreadyExists') && !hasCause(error, 'NamespaceTerminating')) throw error;
      });
    }
    return {};
  }

  const loop = newWorkerLoop(context, {
    name: 'serviceaccount',
    workers: WORKERS,
    sync,
    informers: [namespaces, accounts],
    resync: { lister: namespaces, intervalMs: DEFAULT_RESYNC_MS },
  });
  namespaces.addListener({
    onAdd: (namespace) => loop.enqueue(keyOf(namespace)),
    onUpdate: (namespace) => loop.enqueue(keyOf(namespace)),
    onDelete() {},
  });
  accounts.addListener({
    onAdd() {},
    onUpdate() {},
    onDelete: (account) => loop.enqueue(namespaceOf(account)),
  });
  return loop;
}
