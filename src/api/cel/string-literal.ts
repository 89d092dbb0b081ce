/** String and bytes literals: quotes of one or three, raw, with escapes. @see cel-spec, doc/langdef.md, "String and Bytes Values" */
import { compileErrorAt } from './cel-error.ts';

const PREFIX = /[rRbB]*/y;
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};

export interface QuotedLiteral {
  value: string | Uint8Array;
  /** Behind the last quote. */
  end: number;
}

export function readQuoted(source: string, at: number): QuotedLiteral {
  PREFIX.lastIndex = at;
  const prefix = PREFIX.exec(source)![0].toLowerCase();
  const start = at + prefix.length;
  const mark = source[start]!;
  const quote = source.startsWith(mark.repeat(3), start) ? mark.repeat(3) : mark;
  const inner = start + quote.length;
  const end = findEnd(source, inner, { quote, isRaw: prefix.includes('r') });
  if (end === undefined) {
    throw compileErrorAt(
      source,
      at,
      `Syntax error: token recognition error at: '${source.slice(at, at + 40)}'`,
    );
  }
  const text = source.slice(inner, end);
  const isBytes = prefix.includes('b');
  const parts = prefix.includes('r') ? [text] : readEscapes(source, inner, text);
  return { value: isBytes ? toBytes(parts) : toText(parts), end: end + quote.length };
}

function findEnd(
  source: string,
  from: number,
  { quote, isRaw }: { quote: string; isRaw: boolean },
): number | undefined {
  for (let at = from; at < source.length; at++) {
    if (source.startsWith(quote, at)) return at;
    if (quote.length === 1 && (source[at] === '\n' || source[at] === '\r')) return undefined;
    if (!isRaw && source[at] === '\\') at++;
  }
  return undefined;
}

/** A number is an escape of one octet in bytes, of one code point in strings. */
type Part = string | number;

const ESCAPE = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^xXuU0-9]))/y;

function readEscapes(source: string, offset: number, text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('\\', at);
    if (next < 0) break;
    if (next > at) parts.push(text.slice(at, next));
    ESCAPE.lastIndex = next;
    const match = ESCAPE.exec(text);
    const part = match === null ? undefined : toPart(match);
    if (match === null || part === undefined) {
      throw compileErrorAt(source, offset + next, 'Syntax error: invalid escape sequence');
    }
    parts.push(part);
    at = next + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

function toPart([, hex, short, long, octal, simple]: readonly (string | undefined)[]): Part | undefined {
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (octal !== undefined) return Number.parseInt(octal, 8);
  if (simple !== undefined) return SIMPLE[simple];
  const code = Number.parseInt((short ?? long)!, 16);
  const isScalar = code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isScalar ? String.fromCodePoint(code) : undefined;
}

function toText(parts: readonly Part[]): string {
  return parts.map((part) => (typeof part === 'number' ? String.fromCodePoint(part) : part)).join('');
}

function toBytes(parts: readonly Part[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...encoder.encode(part)])),
  );
}
