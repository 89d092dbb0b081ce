/** What becomes of a CertificateSigningRequest. Pure. */
import type { CertificateRequest } from '../../api/certificates/certificate-request.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import { parseTimestamp } from '../../base/clock.ts';
import { approvingPermissions, isOwnSigner, signingProblem } from './recognize.ts';

const HOUR_MS = 3_600_000;
/** Source: kubernetes/kubernetes pkg/controller/certificates/cleaner/cleaner.go */
const DECIDED_KEPT_MS = HOUR_MS;
const PENDING_KEPT_MS = 24 * HOUR_MS;

export type CertificatePlan =
  | { kind: 'delete' }
  /** Whoever asks is approved when he has one of these permissions. */
  | { kind: 'consider'; permissions: { subresource: string; message: string }[] }
  | { kind: 'sign' }
  | { kind: 'fail'; message: string }
  /** Nothing to do before it is due to be deleted. */
  | { kind: 'wait'; untilMs: number };

/**
 * @param request   what is asked for; `undefined` when it cannot be read, as in objects of other servers
 * @param expiryMs  when the certificate that was issued ends, wall time
 */
export function planCertificate(
  csr: CertificateSigningRequest,
  observed: { request: CertificateRequest | undefined; expiryMs: number | undefined },
  nowMs: number,
): CertificatePlan {
  const untilMs = keptUntilMs(csr, observed.expiryMs);
  if (nowMs >= untilMs) return { kind: 'delete' };
  const { request } = observed;
  const isFinished =
    Boolean(csr.status?.certificate) || hasCondition(csr, 'Denied') || hasCondition(csr, 'Failed');
  if (isFinished || request === undefined) return { kind: 'wait', untilMs };
  if (!hasCondition(csr, 'Approved')) {
    const permissions = approvingPermissions(csr, request);
    return permissions.length === 0 ? { kind: 'wait', untilMs } : { kind: 'consider', permissions };
  }
  if (!isOwnSigner(csr.spec.signerName)) return { kind: 'wait', untilMs };
  const problem = signingProblem(csr, request);
  return problem === undefined ? { kind: 'sign' } : { kind: 'fail', message: problem };
}

/** Issued ones, denied ones, ones that failed: an hour; those that nobody decided: a day. */
function keptUntilMs({ metadata, status }: CertificateSigningRequest, expiryMs: number | undefined): number {
  const conditions = status?.conditions ?? [];
  if (conditions.length === 0) return parseTimestamp(metadata.creationTimestamp ?? '') + PENDING_KEPT_MS;
  const ends = conditions.flatMap(({ type, lastUpdateTime }) => {
    const isOver =
      type === 'Denied' || type === 'Failed' || (type === 'Approved' && Boolean(status?.certificate));
    return isOver && lastUpdateTime ? [parseTimestamp(lastUpdateTime) + DECIDED_KEPT_MS] : [];
  });
  return Math.min(Number.POSITIVE_INFINITY, ...ends, ...(expiryMs === undefined ? [] : [expiryMs]));
}

function hasCondition({ status }: CertificateSigningRequest, wanted: string): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === wanted && value === 'True');
}
