/**
 * Signs what CertificateSigningRequests ask for, and verifies that they are signed with their own keys. What may be asked
 * for is decided before: subject, names and usages go into the certificate as they were read from the request, its other
 * extensions do not.
 *
 * Client certificates are the client authority's. What may serve as well is the cluster authority's, whose certificates the
 * API server lets nobody in with.
 *
 * @see kubernetes/kubernetes pkg/controller/certificates/authority/policies.go, signer/signer.go
 */
import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Pki } from './pki.ts';
import { derBitString } from './pki-der.ts';

/** As `apiserver/certificates` asks. */
interface SignedRequest {
  publicKey: Uint8Array;
  signed: Uint8Array;
  algorithm: string;
  signature: Uint8Array;
}

/** As `controllers/certificates` asks. */
interface Order {
  signerName: string;
  request: { subject: { encoded: Uint8Array }; publicKey: Uint8Array; names: { encoded?: Uint8Array } };
  usages: readonly string[];
  expirationSeconds: number | undefined;
}

/** By object identifier; what hashes with SHA-1 or less is not believed, as by Go. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** Their bits in the extension `keyUsage`. */
const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
};

const EXTENDED_KEY_USAGES: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

const CLIENT_SIGNERS: ReadonlySet<string> = new Set([
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/kube-apiserver-client-kubelet',
]);

/** Source: kube-controller-manager --cluster-signing-duration. */
const LIFE_MS = 365 * 24 * 3_600_000;
const LIFE_MIN_MS = 10 * 60_000;
const BACKDATE_MS = 5 * 60_000;
/** Of what lives shorter the backdating is not taken off the end. */
const SHORT_MS = 8 * 3_600_000;

export const requestSignatures = {
  isGenuine({ publicKey, signed, algorithm, signature }: SignedRequest): boolean {
    const digest = DIGESTS[algorithm];
    if (digest === undefined) return false;
    try {
      return verify(digest, signed, readKey(publicKey), signature);
    } catch {
      return false; // no key that OpenSSL knows, or one of another kind than the algorithm
    }
  },
};

export function newCertificateSigner(pki: Pick<Pki, 'issueFor'>, clock: Clock) {
  return {
    sign({ signerName, request, usages, expirationSeconds }: Order): { pem: string } | { problem: string } {
      let publicKey: KeyObject;
      try {
        publicKey = readKey(request.publicKey);
      } catch (error) {
        return { problem: `x509: the public key cannot be read: ${(error as Error).message}` };
      }
      const pem = pki.issueFor(CLIENT_SIGNERS.has(signerName) ? 'client' : 'cluster', publicKey, {
        subject: request.subject.encoded,
        keyUsage: keyUsageOf(usages),
        extendedKeyUsages: [...new Set(usages.flatMap((usage) => EXTENDED_KEY_USAGES[usage] ?? []))],
        alternativeNames: request.names.encoded,
        ...validity(clock.now(), expirationSeconds),
      });
      return { pem };
    },
    expiryMs(pem: string): number | undefined {
      try {
        return Date.parse(new X509Certificate(pem).validTo);
      } catch {
        return undefined;
      }
    },
  };
}

function readKey(der: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
}

function validity(nowMs: number, expirationSeconds: number | undefined) {
  const wantedMs = expirationSeconds === undefined ? LIFE_MS : expirationSeconds * 1000;
  const lifeMs = Math.min(Math.max(wantedMs, LIFE_MIN_MS), LIFE_MS);
  const notAfterMs = nowMs + lifeMs - (lifeMs < SHORT_MS ? 0 : BACKDATE_MS);
  return { notBeforeMs: nowMs - BACKDATE_MS, notAfterMs };
}

/** A bit string in DER ends with its last bit that is set. */
function keyUsageOf(usages: readonly string[]): Uint8Array | undefined {
  const bits = usages.flatMap((usage) => KEY_USAGES[usage] ?? []);
  if (bits.length === 0) return undefined;
  const last = Math.max(...bits);
  const octets = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const bit of bits) octets[Math.floor(bit / 8)]! |= 0x80 >> (bit % 8);
  return derBitString(octets, 7 - (last % 8));
}
