/**
 * Issues X.509 v3 certificates with EC P-256 keys, as `pki.ts` orders them.
 *
 * A certificate is about 500 bytes of DER that OpenSSL signs (node:crypto); the library that DEPENDENCIES once named
 * costs some 100 ms to import, which is more than everything else that a first start does here together.
 * @see RFC 5280, section 4; RFC 5758 for the signature algorithm
 */
import { createHash, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { promisify } from 'node:util';
import {
  derBitString,
  derBoolean,
  derContext,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTime,
  derUtf8,
} from './pki-der.ts';

export interface Subject {
  commonName: string;
  organizations?: readonly string[];
}

export interface CertificateOrder {
  subject: Subject;
  /** `ca` certificates may sign others and nothing else. */
  usage: 'ca' | 'server' | 'client';
  /** DNS names and IP addresses, told apart by their form. */
  hosts?: readonly string[];
  notBeforeMs: number;
  notAfterMs: number;
}

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export interface Issuer {
  subject: Subject;
  keys: KeyPair;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
};

const SERIAL_BYTES = 16;
const VERSION_3 = Buffer.from([2]);
// Bit 0 is digitalSignature, bit 5 keyCertSign, bit 6 cRLSign; counted from the highest.
const SIGNATURE_ONLY = derBitString(Buffer.from([0b1000_0000]), 7);
const SIGNATURE_AND_SIGNING_CERTIFICATES = derBitString(Buffer.from([0b1000_0110]), 1);

const generateKeyPairAsync = promisify(generateKeyPair);

/** A new EC P-256 key pair, made on the thread pool. */
export function newKeyPair(): Promise<KeyPair> {
  return generateKeyPairAsync('ec', { namedCurve: 'P-256' });
}

/** Signs a certificate for `publicKey`; PEM. An issuer with the subject's own keys makes it self-signed. */
export function issueCertificate(order: CertificateOrder, publicKey: KeyObject, issuer: Issuer): string {
  const subject = distinguishedName(order.subject);
  const ordered = { ...order, subject, extensions: extensions(order, publicKey, issuer) };
  return assembleCertificate(ordered, publicKey, issuer);
}

/** A leaf as somebody else worded it: with names and usages that were encoded before. */
export interface EncodedOrder {
  /** A distinguished name. */
  subject: Uint8Array;
  /** The value of the extension `keyUsage`, where any is wanted. */
  keyUsage: Uint8Array | undefined;
  /** Object identifiers. */
  extendedKeyUsages: readonly string[];
  /** The value of the extension `subjectAltName`. */
  alternativeNames: Uint8Array | undefined;
  notBeforeMs: number;
  notAfterMs: number;
}

export function issueEncoded(order: EncodedOrder, publicKey: KeyObject, issuer: Issuer): string {
  const { keyUsage, extendedKeyUsages, alternativeNames } = order;
  const list = [
    extension(OID.basicConstraints, derSequence(), true),
    ...(keyUsage === undefined ? [] : [extension(OID.keyUsage, keyUsage, true)]),
    ...keyIdentifiers(publicKey, issuer),
  ];
  if (extendedKeyUsages.length > 0)
    list.push(extension(OID.extendedKeyUsage, derSequence(...extendedKeyUsages.map(derOid))));
  if (alternativeNames !== undefined) list.push(extension(OID.subjectAltName, alternativeNames));
  return assembleCertificate({ ...order, extensions: list }, publicKey, issuer);
}

interface CertificateParts {
  subject: Uint8Array;
  extensions: readonly Uint8Array[];
  notBeforeMs: number;
  notAfterMs: number;
}

function assembleCertificate(parts: CertificateParts, publicKey: KeyObject, issuer: Issuer): string {
  const algorithm = derSequence(derOid(OID.ecdsaWithSha256));
  const toBeSigned = derSequence(
    derContext(0, derInteger(VERSION_3), 'constructed'),
    derInteger(newSerial()),
    algorithm,
    distinguishedName(issuer.subject),
    derSequence(derTime(parts.notBeforeMs), derTime(parts.notAfterMs)),
    parts.subject,
    publicKeyInfo(publicKey),
    derContext(3, derSequence(...parts.extensions), 'constructed'),
  );
  const signature = sign('sha256', toBeSigned, issuer.keys.privateKey);
  return toPem(derSequence(toBeSigned, algorithm, derBitString(signature)));
}

/** Positive and never zero, as RFC 5280 4.1.2.2 asks. */
function newSerial(): Buffer {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

function distinguishedName(subject: Subject): Buffer {
  const attribute = (oid: string, value: string) => derSet(derSequence(derOid(oid), derUtf8(value)));
  const organizations = (subject.organizations ?? []).map((name) => attribute(OID.organization, name));
  return derSequence(...organizations, attribute(OID.commonName, subject.commonName));
}

function extensions(order: CertificateOrder, publicKey: KeyObject, issuer: Issuer): Buffer[] {
  const isCa = order.usage === 'ca';
  const list = [
    extension(OID.basicConstraints, isCa ? derSequence(derBoolean(true)) : derSequence(), true),
    extension(OID.keyUsage, isCa ? SIGNATURE_AND_SIGNING_CERTIFICATES : SIGNATURE_ONLY, true),
    ...keyIdentifiers(publicKey, issuer),
  ];
  if (!isCa) {
    const purpose = order.usage === 'server' ? OID.serverAuth : OID.clientAuth;
    list.push(extension(OID.extendedKeyUsage, derSequence(derOid(purpose))));
  }
  if (order.hosts?.length) {
    list.push(extension(OID.subjectAltName, derSequence(...order.hosts.map(generalName))));
  }
  return list;
}

function keyIdentifiers(publicKey: KeyObject, issuer: Issuer): Buffer[] {
  return [
    extension(OID.subjectKeyIdentifier, derOctetString(keyIdentifier(publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      derSequence(derContext(0, keyIdentifier(issuer.keys.publicKey), 'primitive')),
    ),
  ];
}

function extension(oid: string, value: Uint8Array, critical = false): Buffer {
  const flag = critical ? [derBoolean(true)] : [];
  return derSequence(derOid(oid), ...flag, derOctetString(value));
}

function generalName(host: string): Buffer {
  return isIP(host)
    ? derContext(7, addressOctets(host), 'primitive')
    : derContext(2, Buffer.from(host, 'ascii'), 'primitive');
}

function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyInfo(key)).digest();
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
