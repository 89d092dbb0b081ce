/**
 * A PKCS #10 certificate signing request, as clients send it in `spec.request`: PEM around DER.
 *
 *     CertificationRequest { info { version, subject, publicKey, [0] attributes }, algorithm, signature }
 *
 * Reading proves nothing yet: whoever relies on it verifies `signature` over `signed` with `publicKey`.
 *
 * @see RFC 2986; Go's crypto/x509 ParseCertificateRequest
 */
import { fromBase64 } from '../../base/base64.ts';
import { DER, type DerElement, DerError, DerReader, readBits, readOid } from './der-reader.ts';

export interface CertificateRequest {
  subject: RequestSubject;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  names: AlternativeNames;
  /** What was signed, by which algorithm (its object identifier), and the signature. */
  signed: Uint8Array;
  algorithm: string;
  signature: Uint8Array;
}

export interface RequestSubject {
  /** Of several the last, as Go has it. */
  commonName: string;
  organizations: string[];
  /** The whole name, DER. */
  encoded: Uint8Array;
}

/** Subject alternative names. */
export interface AlternativeNames {
  dnsNames: string[];
  emailAddresses: string[];
  uris: string[];
  /** 4 or 16 octets each. */
  ipAddresses: Uint8Array[];
  /** The value of the extension, DER; absent when there is none. */
  encoded?: Uint8Array;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectAltName: '2.5.29.17',
};

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]*)-----END \1-----/;
const LABEL = 'CERTIFICATE REQUEST';

/** Of string types: UTF8String, PrintableString, TeletexString, IA5String; BMPString is two octets a character. */
const STRING_TAGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x14, 0x16]);
const BMP_STRING = 0x1e;
const EXTENSIONS_MAX = 100;

const decoder = new TextDecoder('utf-8', { fatal: true });
const latin = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** Reads `pem`, the text behind the field's base64. @throws DerError, in the words of upstream's parser where it has any */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const [, label, body = ''] = PEM.exec(pem) ?? [];
  if (label !== LABEL) throw new DerError(`PEM block type must be ${LABEL}`);
  let der: Uint8Array;
  try {
    der = fromBase64(body.replace(/\s+/g, ''));
  } catch {
    throw new DerError(`PEM block type must be ${LABEL}`);
  }
  const outer = new DerReader(der);
  const request = new DerReader(outer.expect(DER.sequence).contents);
  outer.finish();
  const info = request.expect(DER.sequence);
  const algorithm = readOid(new DerReader(request.expect(DER.sequence).contents).expect(DER.oid));
  const signature = readBits(request.expect(DER.bitString));
  request.finish();
  return { ...readInfo(info), signed: info.whole, algorithm, signature };
}

function readInfo({ contents }: DerElement): Pick<CertificateRequest, 'subject' | 'publicKey' | 'names'> {
  const info = new DerReader(contents);
  info.expect(DER.integer);
  const subject = readSubject(info.expect(DER.sequence));
  const publicKey = info.expect(DER.sequence).whole;
  const names: AlternativeNames = { dnsNames: [], emailAddresses: [], uris: [], ipAddresses: [] };
  if (info.nextTag === 0xa0) readAttributes(info.next(), names);
  info.finish();
  return { subject, publicKey, names };
}

function readSubject(element: DerElement): RequestSubject {
  const subject: RequestSubject = { commonName: '', organizations: [], encoded: element.whole };
  const sets = new DerReader(element.contents);
  while (!sets.isAtEnd) {
    const attributes = new DerReader(sets.expect(DER.set).contents);
    while (!attributes.isAtEnd) {
      const pair = new DerReader(attributes.expect(DER.sequence).contents);
      const type = readOid(pair.expect(DER.oid));
      const value = pair.next();
      pair.finish();
      if (type === OID.commonName) subject.commonName = readText(value);
      if (type === OID.organization) subject.organizations.push(readText(value));
    }
  }
  return subject;
}

function readText({ tag, contents }: DerElement): string {
  if (tag === BMP_STRING) {
    if (contents.length % 2 !== 0) throw new DerError('x509: invalid RDNSequence: invalid BMPString');
    let text = '';
    for (let i = 0; i < contents.length; i += 2)
      text += String.fromCharCode(contents[i]! * 256 + contents[i + 1]!);
    return text;
  }
  if (!STRING_TAGS.has(tag)) throw new DerError('x509: invalid RDNSequence: invalid attribute value');
  try {
    return tag === DER.utf8String ? decoder.decode(contents) : latin(contents);
  } catch {
    throw new DerError('x509: invalid RDNSequence: invalid UTF-8 string');
  }
}

function readAttributes({ contents }: DerElement, names: AlternativeNames): void {
  const attributes = new DerReader(contents);
  while (!attributes.isAtEnd) {
    const attribute = new DerReader(attributes.expect(DER.sequence).contents);
    if (readOid(attribute.expect(DER.oid)) !== OID.extensionRequest) continue;
    const values = new DerReader(attribute.expect(DER.set).contents);
    const extensions = new DerReader(values.expect(DER.sequence).contents);
    for (let count = 0; !extensions.isAtEnd; count++) {
      if (count >= EXTENSIONS_MAX) throw new DerError('x509: too many extensions');
      readExtension(extensions.expect(DER.sequence), names);
    }
  }
}

function readExtension({ contents }: DerElement, names: AlternativeNames): void {
  const extension = new DerReader(contents);
  const type = readOid(extension.expect(DER.oid));
  if (extension.nextTag === DER.boolean) extension.next();
  const value = extension.expect(DER.octetString).contents;
  extension.finish();
  if (type !== OID.subjectAltName) return;
  if (names.encoded !== undefined)
    throw new DerError('x509: certificate request contains duplicate extensions');
  names.encoded = value;
  const outer = new DerReader(value);
  const list = new DerReader(outer.expect(DER.sequence).contents);
  outer.finish();
  while (!list.isAtEnd) readName(list.next(), names);
}

/** `[1]` e-mail, `[2]` DNS, `[6]` URI, `[7]` address; what else there is nobody here signs. */
function readName({ tag, contents }: DerElement, names: AlternativeNames): void {
  const number = tag & 0x1f;
  if (number === 7) {
    if (contents.length !== 4 && contents.length !== 16)
      throw new DerError(`x509: cannot parse IP address of length ${contents.length}`);
    names.ipAddresses.push(contents);
    return;
  }
  const list = { 1: names.emailAddresses, 2: names.dnsNames, 6: names.uris }[number];
  if (list === undefined)
    throw new DerError('x509: subject alternative names of this type are not supported');
  if (contents.some((octet) => octet >= 0x80 || octet < 0x20))
    throw new DerError('x509: SAN field is malformed');
  list.push(latin(contents));
}
