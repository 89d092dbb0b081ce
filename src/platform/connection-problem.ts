/** Go's words for what goes wrong between connecting over TLS and the head of an answer. */
import type { PeerCertificate } from 'node:tls';
import { dialError, hostPort } from './dial-error.ts';

const UNVERIFIED = 'tls: failed to verify certificate: x509: ';
const UNKNOWN_AUTHORITY = `${UNVERIFIED}certificate signed by unknown authority`;
const NOT_TLS = 'http: server gave HTTP response to HTTPS client';

const TEXTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: `${UNVERIFIED}certificate has expired or is not yet valid`,
  CERT_NOT_YET_VALID: `${UNVERIFIED}certificate has expired or is not yet valid`,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  ERR_OSSL_PEM_NO_START_LINE: 'unable to load root certificates: unable to parse bytes as PEM block',
  ERR_OSSL_PEM_BAD_BASE64_DECODE: 'unable to load root certificates: unable to parse bytes as PEM block',
  ERR_OSSL_PEM_BAD_END_LINE: 'unable to load root certificates: unable to parse bytes as PEM block',
};

interface NamesProblem {
  host?: string;
  cert?: PeerCertificate;
}

export function connectionProblem(error: unknown, target: { host: string; port: number }): string {
  const { code = '', message } = error as { code?: string; message: string };
  const text = TEXTS[code];
  if (text !== undefined) return text;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return namesProblem(error as NamesProblem);
  if (/wrong version number|packet length too long/.test(message)) return NOT_TLS;
  if (code.startsWith('HPE_')) {
    return 'net/http: HTTP/1.x transport connection broken: malformed HTTP response';
  }
  return dialError(error, hostPort(target));
}

function namesProblem({ host = '', cert }: NamesProblem): string {
  const names = (cert?.subjectaltname ?? '').replace(/(?:DNS|IP Address):/g, '');
  return `${UNVERIFIED}certificate is valid for ${names}, not ${host}`;
}
