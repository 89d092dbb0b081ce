/**
 * Who may approve and sign which certificates: beyond the right to write the subresource, `approve` or `sign` on the signer.
 * Nobody is given `system:masters` this way. And a request must be signed with the key that it is about.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/certificates: approval, signing, subjectrestriction
 */
import {
  type CertificateRequest,
  parseCertificateRequest,
} from '../../api/certificates/certificate-request.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import { CERTIFICATE_SIGNING_REQUESTS } from '../../api/resources.ts';
import { requestText } from '../../api/validation/certificate-signing-request.ts';
import { invalid, toInvalidError } from '../../api/validation/field-error.ts';
import type { AdmissionRequest, AdmissionStep } from '../admission/admission.ts';
import type { Authorizer } from '../authz/authorizer.ts';
import { newForbidden } from '../errors.ts';

/** Says whether a request is signed with its own key. */
export interface RequestSignatures {
  isGenuine(request: Pick<CertificateRequest, 'publicKey' | 'signed' | 'algorithm' | 'signature'>): boolean;
}

const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
const SUPERUSERS = 'system:masters';

export function newCertificateSteps(
  authorizer: Pick<Authorizer, 'authorize'>,
  signatures: RequestSignatures,
): AdmissionStep[] {
  return [
    {
      name: 'CertificateSubjectRestriction',
      admit(request) {
        if (request.row !== CERTIFICATE_SIGNING_REQUESTS || request.operation !== 'CREATE') return;
        checkRequest(request, signatures);
      },
    },
    {
      name: 'CertificateApproval',
      admit(request) {
        if (request.row !== CERTIFICATE_SIGNING_REQUESTS || request.subresource !== 'approval') return;
        requireOnSigner(authorizer, request, 'approve');
      },
    },
    {
      name: 'CertificateSigning',
      admit(request) {
        if (request.row !== CERTIFICATE_SIGNING_REQUESTS || request.subresource !== 'status') return;
        const [now, before] = [csrOf(request.object), csrOf(request.old)];
        const isIssued = now?.status?.certificate !== before?.status?.certificate;
        if (isIssued || isFailed(now) !== isFailed(before)) requireOnSigner(authorizer, request, 'sign');
      },
    },
  ];
}

function checkRequest(request: AdmissionRequest, signatures: RequestSignatures): void {
  const csr = csrOf(request.object)!;
  const parsed = parseCertificateRequest(requestText(csr));
  if (!signatures.isGenuine(parsed)) {
    const why = 'x509: the signature of the request does not belong to its key';
    throw toInvalidError(request.row, csr.metadata.name, [invalid('spec.request', csr.spec.request, why)]);
  }
  if (csr.spec.signerName !== CLIENT_SIGNER || !parsed.subject.organizations.includes(SUPERUSERS)) return;
  const why = `use of ${CLIENT_SIGNER} signer with ${SUPERUSERS} group is not allowed`;
  throw newForbidden(request.row, csr.metadata.name, why);
}

/** On the signer itself, or on all of its domain. */
function requireOnSigner(
  authorizer: Pick<Authorizer, 'authorize'>,
  { row, name, user, old }: AdmissionRequest,
  verb: 'approve' | 'sign',
): void {
  const signer = csrOf(old)?.spec.signerName ?? '';
  const domain = signer.split('/')[0];
  if (mayOn(authorizer, user, verb, signer) || mayOn(authorizer, user, verb, `${domain}/*`)) return;
  throw newForbidden(
    row,
    name,
    `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`,
  );
}

function mayOn(
  authorizer: Pick<Authorizer, 'authorize'>,
  user: UserInfo,
  verb: string,
  name: string,
): boolean {
  const about = {
    group: 'certificates.k8s.io',
    version: '*',
    resource: 'signers',
    subresource: '',
    namespace: '',
  };
  return authorizer.authorize({ user, isResourceRequest: true, verb, path: '', ...about, name }).allowed;
}

function csrOf(object: unknown): CertificateSigningRequest | undefined {
  return object as CertificateSigningRequest | undefined;
}

function isFailed(csr: CertificateSigningRequest | undefined): boolean {
  return csr?.status?.conditions?.some(({ type }) => type === 'Failed') ?? false;
}
