/**
 * Writes ASN.1 DER: the few types of which an X.509 certificate is made. Writing only: whatever reads a certificate
 * here is OpenSSL, which thereby checks every byte that this file produces.
 *
 * @see ITU-T X.690
 */
import { assert } from '../base/assert.ts';

const SEQUENCE = 0x30;
const SET = 0x31;

/** One element: identifier octet, definite length, contents. */
export function derElement(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(body.length)]), body]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  if (length < 0x10000) return [0x82, length >> 8, length & 0xff];
  assert(length < 0x1000000, 'DER element over 16 MiB');
  return [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
}

export function derSequence(...elements: Uint8Array[]): Buffer {
  return derElement(SEQUENCE, ...elements);
}

export function derSet(...elements: Uint8Array[]): Buffer {
  return derElement(SET, ...elements);
}

export function derBoolean(value: boolean): Buffer {
  return derElement(0x01, Buffer.from([value ? 0xff : 0]));
}

/** A non-negative integer given as its big-endian octets. */
export function derInteger(octets: Uint8Array): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const significant = octets.subarray(start);
  const isNegative = (significant[0] ?? 0) >= 0x80;
  return derElement(0x02, Buffer.from(isNegative || significant.length === 0 ? [0] : []), significant);
}

/** All bits of `octets` but the last `unusedBits`. */
export function derBitString(octets: Uint8Array, unusedBits = 0): Buffer {
  return derElement(0x03, Buffer.from([unusedBits]), octets);
}

export function derOctetString(octets: Uint8Array): Buffer {
  return derElement(0x04, octets);
}

/** An object identifier in dotted form; each arc after the second in base 128, high groups first. */
export function derOid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const octets = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return derElement(0x06, Buffer.from(octets));
}

export function derUtf8(text: string): Buffer {
  return derElement(0x0c, Buffer.from(text, 'utf8'));
}

/** RFC 5280 4.1.2.5: UTCTime up to 2049, GeneralizedTime after, whole seconds. */
export function derTime(wallMs: number): Buffer {
  const digits = new Date(wallMs).toISOString().replace(/[-:T]|\..*/g, '');
  const isShort = Number(digits.slice(0, 4)) < 2050;
  return isShort
    ? derElement(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : derElement(0x18, Buffer.from(`${digits}Z`));
}

/** A context-specific element: `[number]`, holding other elements when `constructed`. */
export function derContext(number: number, contents: Uint8Array, form: 'primitive' | 'constructed'): Buffer {
  return derElement((form === 'constructed' ? 0xa0 : 0x80) | number, contents);
}
