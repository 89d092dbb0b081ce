/**
 * What the node authorizer cannot see, since it is in the body: an agent creates only the Node and the Lease of its own
 * name, and does not give its Node other taints or labels that others rely on to keep workloads apart.
 *
 * @see plugin/pkg/admission/noderestriction/admission.go in kubernetes/kubernetes
 */
import type { Node } from '../../api/generated/core-v1.ts';
import { LEASES, NODES } from '../../api/resources.ts';
import type { AdmissionRequest, AdmissionStep } from '../admission/admission.ts';
import { newForbidden } from '../errors.ts';
import { nodeOfUser } from './node-authorizer.ts';

/** Labels under it belong to whoever isolates nodes, never to the nodes. */
const RESERVED_LABEL = /(?:^|\.)node-restriction\.kubernetes\.io\//;

export const nodeRestriction: AdmissionStep = {
  name: 'NodeRestriction',
  admit(request) {
    const node = nodeOfUser(request.user);
    if (node === undefined) return;
    if (request.row === LEASES || request.row === NODES) requireOwnName(node, request);
    if (request.row === NODES && request.subresource === '') requireModestNode(node, request);
  },
};

function requireOwnName(node: string, request: AdmissionRequest): void {
  const name = request.object?.metadata.name ?? request.name;
  if (request.operation !== 'CREATE' || name === node) return;
  throw refused(request, `node ${JSON.stringify(node)} is not allowed to create ${JSON.stringify(name)}`);
}

function requireModestNode(node: string, request: AdmissionRequest): void {
  const [now, before] = [request.object, request.old] as unknown as [Node | undefined, Node | undefined];
  if (!now) return;
  const labels = reservedLabels(now);
  if (JSON.stringify(labels) !== JSON.stringify(before ? reservedLabels(before) : [])) {
    throw refused(request, `is not allowed to modify labels: ${labels.map(([key]) => key).join(', ')}`);
  }
  if (before && JSON.stringify(now.spec?.taints ?? []) !== JSON.stringify(before.spec?.taints ?? [])) {
    throw refused(request, `node ${JSON.stringify(node)} is not allowed to modify taints`);
  }
}

function reservedLabels({ metadata }: Node): [string, string][] {
  return Object.entries(metadata.labels ?? {})
    .filter(([key]) => RESERVED_LABEL.test(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function refused({ row, name }: AdmissionRequest, why: string) {
  return newForbidden(row, name, why);
}
