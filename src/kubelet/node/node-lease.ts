/** The node's heartbeat: a Lease renewed every 10 s. @see k8s.io/component-helpers/apimachinery/lease/controller.go */

import type { Lease } from '../../api/generated/coordination-v1.ts';
import type { Node } from '../../api/generated/core-v1.ts';
import { LEASES } from '../../api/resources.ts';
import { type Clock, toMicroTimestamp } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { hasReason } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { findObject } from '../../client/find-object.ts';
import { LEASE_DURATION_SECONDS, LEASE_RENEW_MS } from '../defaults.ts';

const NODE_LEASE_NAMESPACE = 'kube-node-lease';

export interface NodeLeaseDeps {
  client: ApiClient;
  clock: Clock;
  log: Logger;
  nodeName: string;
  /** The Node, once it is registered: it owns the Lease. */
  node(): Node | undefined;
}

const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 7_000;

/** Renews the Lease until `signal` aborts; a renewal that fails is tried again soon. */
export async function runNodeLease(deps: NodeLeaseDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  let held: Lease | undefined;
  let retryMs = RETRY_BASE_MS;
  while (!signal.aborted) {
    try {
      held = held === undefined ? await acquire(deps, signal) : await renew(deps, held, signal);
      retryMs = RETRY_BASE_MS;
      await clock.sleep(LEASE_RENEW_MS, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Deleted or changed by someone else: read it again.
      held = undefined;
      if (!hasReason(error, 'NotFound', 'Conflict'))
        log.warn('cannot renew the lease', { node: deps.nodeName, error });
      await clock.sleep(retryMs, signal);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    }
  }
}

async function acquire(deps: NodeLeaseDeps, signal: AbortSignal): Promise<Lease> {
  const target = { namespace: NODE_LEASE_NAMESPACE, name: deps.nodeName };
  const known = await findObject(deps.client, LEASES, target, signal);
  if (known !== undefined) return renew(deps, known, signal);
  const object = {
    apiVersion: 'coordination.k8s.io/v1' as const,
    kind: 'Lease' as const,
    metadata: { ...target, ...owner(deps.node()) },
    spec: leaseSpec(deps),
  };
  return deps.client.create(LEASES, object, signal);
}

function renew(deps: NodeLeaseDeps, lease: Lease, signal: AbortSignal): Promise<Lease> {
  const isOwned = (lease.metadata.ownerReferences ?? []).length > 0;
  const metadata = isOwned ? lease.metadata : { ...lease.metadata, ...owner(deps.node()) };
  return deps.client.update(
    LEASES,
    { ...lease, metadata, spec: { ...lease.spec, ...leaseSpec(deps) } },
    signal,
  );
}

function leaseSpec({ clock, nodeName }: NodeLeaseDeps): Lease['spec'] {
  return {
    holderIdentity: nodeName,
    leaseDurationSeconds: LEASE_DURATION_SECONDS,
    renewTime: toMicroTimestamp(clock.now()),
  };
}

function owner(node: Node | undefined): Pick<Lease['metadata'], 'ownerReferences'> {
  if (node === undefined) return {};
  const { name, uid } = node.metadata;
  return { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
}
