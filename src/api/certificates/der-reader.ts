/**
 * Reads ASN.1 DER that somebody else wrote: every length is checked against what is there, and nothing is copied. Strict
 * where it matters: definite lengths in their shortest form, tags below 31.
 *
 * @see ITU-T X.690
 */

/** What was sent is no DER of the expected form. */
export class DerError extends Error {
  override name = 'DerError';
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const;

export interface DerElement {
  /** The identifier octet. */
  tag: number;
  contents: Uint8Array;
  /** Identifier and length included. */
  whole: Uint8Array;
}

const LENGTH_OCTETS_MAX = 3;

export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** The tag of what comes next; `undefined` at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** @throws DerError */
  next(): DerElement {
    const start = this.#offset;
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw new DerError('asn1: tags of several octets are not supported');
    const length = this.#length();
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new DerError('asn1: syntax error: data truncated');
    const contents = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return { tag, contents, whole: this.#bytes.subarray(start, end) };
  }

  /** @throws DerError when the next element has another tag */
  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag)
      throw new DerError(`asn1: structure error: tag ${element.tag} instead of ${tag}`);
    return element;
  }

  /** @throws DerError when anything is left */
  finish(): void {
    if (!this.isAtEnd) throw new DerError('asn1: syntax error: trailing data');
  }

  #octet(): number {
    const octet = this.#bytes[this.#offset];
    if (octet === undefined) throw new DerError('asn1: syntax error: data truncated');
    this.#offset++;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > LENGTH_OCTETS_MAX) throw new DerError('asn1: syntax error: bad length');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet();
    const isShortest = length >= 0x80 && length >= 256 ** (count - 1);
    if (!isShortest) throw new DerError('asn1: structure error: non-minimal length');
    return length;
  }
}

/** `1.2.840.10045.4.3.2` @throws DerError */
export function readOid({ contents }: DerElement): string {
  const arcs: number[] = [];
  let arc = 0;
  let isOpen = false;
  for (const octet of contents) {
    if (!isOpen && octet === 0x80) throw new DerError('asn1: structure error: padded object identifier');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError('asn1: object identifier too large');
    isOpen = (octet & 0x80) !== 0;
    if (isOpen) continue;
    arcs.push(arc);
    arc = 0;
  }
  const first = arcs[0];
  if (first === undefined || isOpen) throw new DerError('asn1: syntax error: bad object identifier');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...arcs.slice(1)].join('.');
}

/** A bit string of whole octets. @throws DerError */
export function readBits({ contents }: DerElement): Uint8Array {
  if (contents[0] !== 0) throw new DerError('asn1: structure error: bits that are no whole octets');
  return contents.subarray(1);
}
