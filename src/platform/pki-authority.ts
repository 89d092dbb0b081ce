/**
 * A certificate authority kept in `PATH.pem` (key and certificate, 0600) and `PATH.crt` (certificate only, for others to
 * trust), and the certificates that it signs.
 *
 * A damaged authority is refused, never replaced: replacing it would lock out every client that trusts it. A damaged,
 * foreign, due or changed leaf is simply issued anew.
 */
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { writeFileDurably } from './durable-file.ts';
import {
  type CertificateOrder,
  type EncodedOrder,
  issueCertificate,
  issueEncoded,
  type KeyPair,
  newKeyPair,
} from './pki-certificate.ts';
import {
  type Credential,
  credentialKeys,
  newCredential,
  readCredential,
  renewalDueMs,
  writeCredential,
} from './pki-credential.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_LIFE_MS = 3650 * DAY_MS;
const LEAF_LIFE_MS = 365 * DAY_MS;
/** Clocks differ: a certificate is valid from a little before its issue. */
const BACKDATE_MS = 5 * 60 * 1000;
const PUBLIC_MODE = 0o644;

export type LeafOrder = Omit<CertificateOrder, 'notBeforeMs' | 'notAfterMs'>;

export interface CertificateAuthority {
  readonly credential: Credential;
  /** Renews the authority's own certificate, with the same key, when that is due. */
  ensure(): Promise<void>;
  /** The leaf in `existing` when it still fulfils `order`; else a new one. */
  issue(order: LeafOrder, existing: Credential | undefined): Promise<Credential>;
  /** A certificate for somebody else's key; PEM. It does not outlive the authority's own. */
  issueFor(publicKey: KeyObject, order: EncodedOrder): string;
}

/** Reads the authority at `path`, or makes one named `commonName`. */
export async function openAuthority(
  clock: Clock,
  path: string,
  commonName: string,
): Promise<CertificateAuthority> {
  const existing = await readCredential(`${path}.pem`);
  const authority = new FileAuthority(clock, path, commonName);
  await authority.open(existing);
  return authority;
}

/** The leaf kept at `path`, issued anew when it is absent, damaged, due, from another authority, or ordered differently. */
export async function newLeaf(
  authority: CertificateAuthority,
  path: string,
  order: LeafOrder,
): Promise<Credential> {
  const existing = await readCredential(path).catch(() => undefined);
  const leaf = await authority.issue(order, existing);
  if (leaf !== existing) await writeCredential(path, leaf);
  return leaf;
}

class FileAuthority implements CertificateAuthority {
  readonly #clock: Clock;
  readonly #path: string;
  readonly #commonName: string;
  #credential!: Credential;
  #keys!: KeyPair;

  constructor(clock: Clock, path: string, commonName: string) {
    this.#clock = clock;
    this.#path = path;
    this.#commonName = commonName;
  }

  get credential(): Credential {
    return this.#credential;
  }

  async open(existing: Credential | undefined): Promise<void> {
    if (existing) {
      this.#keys = credentialKeys(existing);
      this.#credential = existing;
      return this.ensure();
    }
    this.#keys = await newKeyPair();
    return this.#renew();
  }

  async ensure(): Promise<void> {
    if (this.#clock.now() >= renewalDueMs(this.#credential)) await this.#renew();
  }

  async #renew(): Promise<void> {
    const subject = { commonName: this.#commonName };
    const order: CertificateOrder = { subject, usage: 'ca', ...this.#validity(AUTHORITY_LIFE_MS) };
    const issuer = { subject, keys: this.#keys };
    const credential = newCredential(issueCertificate(order, this.#keys.publicKey, issuer), this.#keys);
    await Promise.all([
      writeCredential(`${this.#path}.pem`, credential),
      writeFileDurably(`${this.#path}.crt`, credential.certificate, PUBLIC_MODE),
    ]);
    this.#credential = credential;
  }

  async issue(order: LeafOrder, existing: Credential | undefined): Promise<Credential> {
    if (existing && this.#fulfils(existing, order)) return existing;
    const keys = await newKeyPair();
    const issuer = { subject: { commonName: this.#commonName }, keys: this.#keys };
    const dated = { ...order, ...this.#validity(LEAF_LIFE_MS) };
    return newCredential(issueCertificate(dated, keys.publicKey, issuer), keys);
  }

  issueFor(publicKey: KeyObject, order: EncodedOrder): string {
    const issuer = { subject: { commonName: this.#commonName }, keys: this.#keys };
    const notAfterMs = Math.min(order.notAfterMs, this.#credential.notAfterMs);
    return issueEncoded({ ...order, notAfterMs }, publicKey, issuer);
  }

  #fulfils(leaf: Credential, order: LeafOrder): boolean {
    if (this.#clock.now() >= renewalDueMs(leaf)) return false;
    if (!leaf.parsed.verify(this.#keys.publicKey)) return false;
    const isNamed = (host: string) => (isIP(host) ? leaf.parsed.checkIP(host) : leaf.parsed.checkHost(host));
    return (order.hosts ?? []).every((host) => isNamed(host) !== undefined);
  }

  #validity(lifeMs: number): { notBeforeMs: number; notAfterMs: number } {
    const notBeforeMs = this.#clock.now() - BACKDATE_MS;
    return { notBeforeMs, notAfterMs: notBeforeMs + lifeMs };
  }
}
