/**
 * What each of Kubernetes' signers takes, and whose certificates are approved without anybody being asked.
 *
 * @see kubernetes/kubernetes pkg/apis/certificates/helpers.go, pkg/controller/certificates/{signer,approver}
 */
import type { CertificateRequest } from '../../api/certificates/certificate-request.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';

const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
const NODE_PREFIX = 'system:node:';

type Judge = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const SIGNERS: Readonly<Record<string, Judge>> = {
  'kubernetes.io/kube-apiserver-client': (_, usages) => clientUsageProblem(usages),
  [KUBELET_CLIENT]: kubeletClientProblem,
  'kubernetes.io/kubelet-serving': kubeletServingProblem,
  // Kept for requests of versions before v1: anything goes.
  'kubernetes.io/legacy-unknown': () => undefined,
};

/** Whether the signer is one of Kubernetes' own. */
export function isOwnSigner(signerName: string): boolean {
  return Object.hasOwn(SIGNERS, signerName);
}

/** Why a request of one of Kubernetes' signers cannot be signed. */
export function signingProblem(
  { spec }: CertificateSigningRequest,
  request: CertificateRequest,
): string | undefined {
  return SIGNERS[spec.signerName]?.(request, spec.usages ?? []);
}

/**
 * The permissions any of which makes somebody's request approved at once: subresources of certificatesigningrequests that
 * exist for this only. Empty: a person decides.
 */
export function approvingPermissions(
  { spec }: CertificateSigningRequest,
  request: CertificateRequest,
): { subresource: string; message: string }[] {
  const isNodes =
    spec.signerName === KUBELET_CLIENT && kubeletClientProblem(request, spec.usages ?? []) === undefined;
  if (!isNodes) return [];
  const own = {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  };
  const any = {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  };
  return spec.username === request.subject.commonName ? [own, any] : [any];
}

function clientUsageProblem(usages: readonly string[]): string | undefined {
  const allowed = ['digital signature', 'key encipherment', 'client auth'];
  const wrong = usages.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth';
}

function kubeletClientProblem(
  { subject, names }: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isNodesOnly(subject.organizations)) return 'subject organization is not system:nodes';
  if (names.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (names.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (names.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (names.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return commonNameProblem(subject.commonName) ?? usagesProblem(usages, 'client auth');
}

function kubeletServingProblem(
  { subject, names }: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  if (!isNodesOnly(subject.organizations)) return 'subject organization is not system:nodes';
  if (names.dnsNames.length + names.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (names.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (names.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesProblem(usages, 'server auth') ?? commonNameProblem(subject.commonName);
}

function isNodesOnly(organizations: readonly string[]): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes';
}

function commonNameProblem(name: string): string | undefined {
  return name.startsWith(NODE_PREFIX) ? undefined : `subject common name does not begin with ${NODE_PREFIX}`;
}

/** Keys that cannot encipher do without that usage. */
function usagesProblem(usages: readonly string[], purpose: string): string | undefined {
  const required = [purpose, 'digital signature', 'key encipherment'].sort();
  const given = [...new Set(usages)].sort().join();
  const accepted = [required, required.filter((usage) => usage !== 'key encipherment')];
  if (accepted.some((list) => list.join() === given)) return undefined;
  return `usages did not match [${required.join(' ')}]`;
}
