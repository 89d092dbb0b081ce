/**
 * Whether a text is what a signer answers with: certificates in PEM and nothing else.
 * @see k8s.io/kubernetes/pkg/apis/certificates/validation/validation.go validateCertificate
 */
import { DER, DerError, DerReader } from './der-reader.ts';
import { pemBlocks } from './pem-blocks.ts';

const LABEL = 'CERTIFICATE';

export function certificateBundleProblem(pem: string): string | undefined {
  if (pem === '') return undefined;
  let count = 0;
  for (const { label, hasHeaders, bytes } of pemBlocks(pem)) {
    count++;
    if (label !== LABEL) return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    if (!holdsCertificates(bytes)) return 'x509: malformed certificate';
  }
  return count === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

/** By their outermost parts: contents, algorithm, signature. */
function holdsCertificates(der: Uint8Array): boolean {
  try {
    const reader = new DerReader(der);
    while (!reader.isAtEnd) {
      const certificate = new DerReader(reader.expect(DER.sequence).contents);
      certificate.expect(DER.sequence);
      new DerReader(certificate.expect(DER.sequence).contents).expect(DER.oid);
      certificate.expect(DER.bitString);
      certificate.finish();
    }
    return true;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
