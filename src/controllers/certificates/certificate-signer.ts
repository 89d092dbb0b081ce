import type { CertificateRequest } from '../../api/certificates/certificate-request.ts';

/** What a signer is asked for, judged already. */
export interface SigningOrder {
  signerName: string;
  request: CertificateRequest;
  usages: readonly string[];
  /** Absent: as long as certificates usually live. */
  expirationSeconds: number | undefined;
}

/** Who holds the keys of the cluster's authorities. */
export interface CertificateSigner {
  /** PEM, or why it cannot be: a key of no known kind. */
  sign(order: SigningOrder): { pem: string } | { problem: string };
  /** When the first certificate in `pem` ends, wall ms; `undefined` for what is none. */
  expiryMs(pem: string): number | undefined;
}
