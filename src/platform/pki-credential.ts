/**
 * A private key with its certificate, kept in one PEM file: the pair is replaced as a whole or not at all, and a reader
 * never sees a key with another key's certificate.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileDurably } from './durable-file.ts';
import type { KeyPair } from './pki-certificate.ts';

export const PRIVATE_MODE = 0o600;

export interface Credential {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  readonly parsed: X509Certificate;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The share of a certificate's life after which it is replaced. */
const RENEW_AFTER = 2 / 3;

/** When `credential` is due for replacement, wall ms. */
export function renewalDueMs(credential: Credential): number {
  return credential.notBeforeMs + (credential.notAfterMs - credential.notBeforeMs) * RENEW_AFTER;
}

export function newCredential(certificate: string, keys: KeyPair): Credential {
  return toCredential(certificate, exportKey(keys.privateKey));
}

/** The key pair inside, for a credential that signs others. */
export function credentialKeys(credential: Credential): KeyPair {
  const privateKey = createPrivateKey(credential.key);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/**
 * Reads `path`; undefined when there is no such file.
 * @throws Error that names the file when it holds no matching key and certificate
 */
export async function readCredential(path: string): Promise<Credential | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  try {
    const certificate = pemBlock(text, 'CERTIFICATE');
    const credential = toCredential(certificate, pemBlock(text, 'PRIVATE KEY'));
    if (credential.parsed.checkPrivateKey(createPrivateKey(credential.key))) return credential;
  } catch (error) {
    throw new Error(`${path}: not a readable key and certificate`, { cause: error });
  }
  throw new Error(`${path}: the key does not belong to the certificate`);
}

/** Writes key and certificate to `path`, readable by the owner only. */
export function writeCredential(path: string, credential: Credential): Promise<void> {
  return writeFileDurably(path, credential.key + credential.certificate, PRIVATE_MODE);
}

export function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A file's text; undefined when it does not exist. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function toCredential(certificate: string, key: string): Credential {
  const parsed = new X509Certificate(certificate);
  return {
    certificate,
    key,
    parsed,
    notBeforeMs: Date.parse(parsed.validFrom),
    notAfterMs: Date.parse(parsed.validTo),
  };
}

function pemBlock(text: string, label: string): string {
  const block = new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\\n?`).exec(text);
  if (!block) throw new Error(`no ${label} block`);
  return block[0];
}
