/** @see kubernetes/kubernetes pkg/printers/internalversion/printers.go printCertificateSigningRequest */

import { formatAge } from '../../base/duration.ts';
import type { CertificateSigningRequest } from '../generated/certificates-v1.ts';
import { AGE, type KindPrinter, NAME, text } from './column.ts';
import { age } from './values.ts';

export const certificateSigningRequestPrinter: KindPrinter<CertificateSigningRequest> = {
  columns: [
    NAME,
    AGE,
    text('SignerName', 'Who is to sign it'),
    text('Requestor', 'Who asks'),
    text('RequestedDuration', 'How long the certificate is to be valid'),
    text('Condition', 'What was decided, and whether it was signed'),
  ],
  cells: (csr, nowMs) => {
    const { signerName, username = '', expirationSeconds } = csr.spec;
    const duration = expirationSeconds === undefined ? '<none>' : formatAge(expirationSeconds * 1000);
    return [csr.metadata.name, age(csr, nowMs), signerName || '<none>', username, duration, stateOf(csr)];
  },
};

function stateOf({ status }: CertificateSigningRequest): string {
  const has = (wanted: string) => (status?.conditions ?? []).some(({ type }) => type === wanted);
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}
