/** Publishes the cluster's certificate authority into every active namespace, as ConfigMap `kube-root-ca.crt`. */
import type { ConfigMap, Namespace } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { CONFIG_MAPS, NAMESPACES } from '../../api/resources.ts';
import { hasCause, hasReason } from '../../base/status-error.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { ROOT_CA_NAME, reconcileRootCa } from './reconcile.ts';

const WORKERS = 1;

/** @param certificates  PEM of the authority that signed the API server's certificate */
export function newRootCaController(context: ControllerContext, certificates: string): Controller {
  const { client, informers } = context;
  const namespaces = informers.informer<Namespace>(NAMESPACES);
  const copies = informers.informer<ConfigMap>(CONFIG_MAPS, {
    fieldSelector: `metadata.name=${ROOT_CA_NAME}`,
  });

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const plan = reconcileRootCa(namespaces.get(key), copies.get(`${key}/${ROOT_CA_NAME}`), certificates);
    if (plan.kind === 'update') await client.update(CONFIG_MAPS, plan.configMap, signal);
    if (plan.kind === 'create') {
      await client.create(CONFIG_MAPS, plan.configMap, signal).catch((error: unknown) => {
        if (!hasReason(error, 'AlreadyExists') && !hasCause(error, 'NamespaceTerminating')) throw error;
      });
    }
    return {};
  }

  const loop = newWorkerLoop(context, {
    name: 'root-ca-certificate-publisher',
    workers: WORKERS,
    sync,
    informers: [namespaces, copies],
    resync: { lister: namespaces, intervalMs: DEFAULT_RESYNC_MS },
  });
  namespaces.addListener({
    onAdd: (namespace) => loop.enqueue(keyOf(namespace)),
    onUpdate: (namespace) => loop.enqueue(keyOf(namespace)),
    onDelete() {},
  });
  copies.addListener({
    onAdd: (copy) => loop.enqueue(namespaceOf(copy)),
    onUpdate: (copy) => loop.enqueue(namespaceOf(copy)),
    onDelete: (copy) => loop.enqueue(namespaceOf(copy)),
  });
  return loop;
}
