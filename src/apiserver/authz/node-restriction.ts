/**
 * What the node authorizer cannot see, since it is in the body: an agent creates only the Node and the Lease of its own
 * name, does not give its Node other taints or labels that others rely on to keep workloads apart, says of Pods only how
 * they are, and gets tokens only for Pods of its own.
 *
 * @see plugin/pkg/admission/noderestriction/admission.go in kubernetes/kubernetes
 */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { equalJson } from '../../api/json.ts';
import type { UserInfo } from '../../api/message.ts';
import { LEASES, NODES, PODS, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import type { AdmissionRequest, AdmissionStep } from '../admission/admission.ts';
import { newForbidden } from '../errors.ts';
import { nodeOfUser } from './node-authorizer.ts';

/** Labels under it belong to whoever isolates nodes, never to the nodes. */
const RESERVED_LABEL = /^(?:[^/]*\.)?node-restriction\.kubernetes\.io\//;
/** Labels of Kubernetes' own: an agent has only these of them to give. */
const KUBERNETES_LABEL = /^(?:[^/]*\.)?(?:kubernetes|k8s)\.io\//;
const KUBELET_LABEL = /^(?:[^/]*\.)?(?:kubelet|node)\.kubernetes\.io\//;
/** @see k8s.io/kubelet/pkg/apis/well_known_labels.go */
const KUBELET_LABELS: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]);

export const nodeRestriction: AdmissionStep = {
  name: 'NodeRestriction',
  admit(request) {
    const node = nodeOfUser(request.user);
    if (node === undefined) return;
    const { row, subresource } = request;
    if (row === LEASES || row === NODES) requireOwnName(node, request);
    if (row === NODES) requireModestNode(node, request);
    if (row === PODS && subresource === 'status') requireStatusOnly(node, request);
  },
};

/**
 * An agent is given tokens only for the Pods that run on its node, and each dies with its Pod.
 *
 * @param reference  what the token is to be bound to; `pod` is what is stored under that name
 */
export function requireOwnPod(
  user: UserInfo,
  account: string,
  reference: { apiVersion?: string; kind?: string; name?: string; uid?: string } | undefined,
  pod: Pick<Pod, 'spec'> | undefined,
): void {
  const node = nodeOfUser(user);
  if (node === undefined) return;
  const refuse = (why: string) => newForbidden(SERVICE_ACCOUNTS, account, why);
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name)
    throw refuse('node requested token not bound to a pod');
  if (!reference.uid) throw refuse('node requested token with a pod binding without a uid');
  if (pod !== undefined && pod.spec.nodeName !== node)
    throw refuse('node requested token bound to a pod scheduled on a different node');
}

function requireOwnName(node: string, request: AdmissionRequest): void {
  const name = request.object?.metadata.name ?? request.name;
  if (request.operation !== 'CREATE' || name === node) return;
  throw refused(request, `node ${JSON.stringify(node)} is not allowed to create ${JSON.stringify(name)}`);
}

function requireModestNode(node: string, request: AdmissionRequest): void {
  const [now, before] = [request.object, request.old] as unknown as [Node | undefined, Node | undefined];
  if (!now) return;
  const who = `node ${JSON.stringify(node)}`;
  const labels = changedLabels(now, before).filter(isForbidden).sort().join(', ');
  if (labels !== '') {
    throw refused(
      request,
      before
        ? `is not allowed to modify labels: ${labels}`
        : `${who} is not allowed to set the following labels: ${labels}`,
    );
  }
  if (!before) return;
  if (!equalJson(now.spec?.taints ?? [], before.spec?.taints ?? []))
    throw refused(request, `${who} is not allowed to modify taints`);
  // Its deletion would be somebody else's to decide.
  if (!equalJson(now.metadata.ownerReferences ?? [], before.metadata.ownerReferences ?? []))
    throw refused(request, `${who} is not allowed to modify ownerReferences`);
}

function requireStatusOnly(node: string, request: AdmissionRequest): void {
  const [now, before] = [request.object, request.old] as unknown as [Pod | undefined, Pod | undefined];
  if (!now || !before) return;
  const who = `node ${JSON.stringify(node)}`;
  if (!equalJson(now.metadata.labels ?? {}, before.metadata.labels ?? {}))
    throw refused(request, `${who} cannot update labels through pod status`);
  const claims = ({ status }: Pod) => status?.resourceClaimStatuses ?? [];
  if (!equalJson(claims(now), claims(before)))
    throw refused(request, `${who} cannot update resource claim statues`);
}

function changedLabels(now: Node, before: Node | undefined): string[] {
  const [a, b] = [now.metadata.labels ?? {}, before?.metadata.labels ?? {}];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
}

function isForbidden(label: string): boolean {
  if (RESERVED_LABEL.test(label)) return true;
  return KUBERNETES_LABEL.test(label) && !KUBELET_LABELS.has(label) && !KUBELET_LABEL.test(label);
}

function refused({ row, name }: AdmissionRequest, why: string) {
  return newForbidden(row, name, why);
}
