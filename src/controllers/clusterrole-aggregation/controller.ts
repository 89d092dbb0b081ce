/**
 * Writes into each aggregated ClusterRole what it gathers, for people to read and for other programs that decide by it; this
 * server's own decisions follow the selectors themselves.
 */
import type { ClusterRole } from '../../api/generated/rbac-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { CLUSTER_ROLES } from '../../api/resources.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { reconcileAggregation } from './reconcile.ts';

const WORKERS = 5;

export function newClusterRoleAggregation(context: ControllerContext): Controller {
  const { client, informers } = context;
  const roles = informers.informer<ClusterRole>(CLUSTER_ROLES);

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const role = roles.get(key);
    const rules = reconcileAggregation(role, roles.list());
    if (role !== undefined && rules !== undefined)
      await client.update(CLUSTER_ROLES, { ...role, rules }, signal);
    return {};
  }

  const loop = newWorkerLoop(context, {
    name: 'clusterrole-aggregation-controller',
    workers: WORKERS,
    sync,
    informers: [roles],
    resync: { lister: roles, intervalMs: DEFAULT_RESYNC_MS },
  });
  // There are few of them, and any may be selected by any.
  const enqueueAll = () => {
    for (const role of roles.list()) if (role.aggregationRule !== undefined) loop.enqueue(keyOf(role));
  };
  roles.addListener({ onAdd: enqueueAll, onUpdate: enqueueAll, onDelete: enqueueAll });
  return loop;
}
