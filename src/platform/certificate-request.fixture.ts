/** Certificate signing requests as clients make them, for tests. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  derBitString,
  derContext,
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derUtf8,
} from './pki-der.ts';

export interface RequestWords {
  commonName?: string;
  /** Another organization, as an ASN.1 string of any type. */
  encodedOrganization?: Uint8Array;
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  ipAddresses?: readonly Uint8Array[];
  emailAddresses?: readonly string[];
  uris?: readonly string[];
  /** Not the key that it is about. */
  signedBy?: KeyObject;
}

export interface MadeRequest {
  pem: string;
  der: Buffer;
  privateKey: KeyObject;
}

export function newRequestPem(words: RequestWords, type: 'ec' | 'rsa' | 'ed25519' = 'ec'): MadeRequest {
  const { publicKey, privateKey } = keyPair(type);
  const { commonName, organizations = [] } = words;
  const attribute = (oid: string, value: string) => derSet(derSequence(derOid(oid), derUtf8(value)));
  const info = derSequence(
    derInteger(Buffer.from([0])),
    derSequence(
      ...organizations.map((name) => attribute('2.5.4.10', name)),
      ...(words.encodedOrganization
        ? [derSet(derSequence(derOid('2.5.4.10'), words.encodedOrganization))]
        : []),
      ...(commonName === undefined ? [] : [attribute('2.5.4.3', commonName)]),
    ),
    publicKey.export({ type: 'spki', format: 'der' }),
    derContext(0, attributes(words), 'constructed'),
  );
  const signature = sign(type === 'ed25519' ? null : 'sha256', info, words.signedBy ?? privateKey);
  const algorithms = { ec: '1.2.840.10045.4.3.2', rsa: '1.2.840.113549.1.1.11', ed25519: '1.3.101.112' };
  const der = derSequence(info, derSequence(derOid(algorithms[type])), derBitString(signature));
  return { pem: toRequestPem(der), der, privateKey };
}

export function toRequestPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

function keyPair(type: 'ec' | 'rsa' | 'ed25519') {
  if (type === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ed25519');
}

function attributes({
  dnsNames = [],
  ipAddresses = [],
  emailAddresses = [],
  uris = [],
}: RequestWords): Buffer {
  const names = [
    ...emailAddresses.map((name) => derContext(1, Buffer.from(name), 'primitive')),
    ...dnsNames.map((name) => derContext(2, Buffer.from(name), 'primitive')),
    ...uris.map((name) => derContext(6, Buffer.from(name), 'primitive')),
    ...ipAddresses.map((address) => derContext(7, address, 'primitive')),
  ];
  if (names.length === 0) return Buffer.alloc(0);
  const extension = derSequence(derOid('2.5.29.17'), derOctetString(derSequence(...names)));
  return derSequence(derOid('1.2.840.113549.1.9.14'), derElement(0x31, derSequence(extension)));
}
