/**
 * What every connection to something behind an object needs first: the right to it, and where a node's agent is.
 */
import type { Node } from '../../api/generated/core-v1.ts';
import type { TunnelTarget } from '../../api/message.ts';
import { NODES } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import type { Store } from '../../store/store.ts';
import { newAccessDenied } from '../authz/access-denied.ts';
import { newNotFound } from '../errors.ts';
import { readObject } from '../registry/registry.ts';
import type { ResourceCall, ServerContext } from '../server-context.ts';

/** As an agent that registered no port of its own. */
const KUBELET_PORT = 10250;
const ADDRESS_TYPES = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS', 'ExternalIP'];

/**
 * A WebSocket begins with GET: who may only look would be let in. So each of them needs `create` as well.
 *
 * @see feature AuthorizePodWebsocketUpgradeCreatePermission
 */
export async function checkMayCreate(
  { authorizer }: ServerContext,
  { info, user }: ResourceCall,
): Promise<void> {
  if (info.verb === 'create') return;
  const attributes = { ...info, user, verb: 'create' };
  const decision = await authorizer.authorize(attributes);
  if (!decision.allowed) throw newAccessDenied(attributes, decision.reason);
}

/** The agent of a node, as the node says. @throws StatusError NotFound; ServiceUnavailable without an address */
export function nodeTarget(
  store: Store,
  nodeName: string,
): Pick<TunnelTarget, 'host' | 'port' | 'description'> {
  const stored = readObject(store, { row: NODES, namespace: '', name: nodeName });
  if (stored === undefined) throw newNotFound(NODES, nodeName);
  const { status } = stored.value as unknown as Node;
  const addresses = status?.addresses ?? [];
  const host = ADDRESS_TYPES.flatMap((type) => addresses.filter((address) => address.type === type))[0]
    ?.address;
  if (!host) {
    throw new StatusError(
      'ServiceUnavailable',
      `no preferred addresses found; known addresses: [] of node ${JSON.stringify(nodeName)}`,
    );
  }
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? KUBELET_PORT;
  return { host, port, description: `node ${JSON.stringify(nodeName)}` };
}
