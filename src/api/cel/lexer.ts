/** From text to tokens. @see cel-spec, doc/langdef.md, "Syntax" */
import { compileErrorAt } from './cel-error.ts';
import { readQuoted } from './string-literal.ts';
import { CelUint, type CelValue } from './value.ts';

export type Token = {
  /** Index into the source. */
  at: number;
} & (
  | { kind: 'literal'; value: CelValue }
  | { kind: 'ident'; text: string; isQuoted: boolean }
  | { kind: 'symbol'; text: string }
  | { kind: 'end' }
);

const SYMBOLS = /&&|\|\||[!=<>]=|\.\?|\[\?|[-+*/%!<>?:.,()[\]{}]/y;
const IDENT = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED_IDENT = /`([A-Za-z0-9_.\-/ ]+)`/y;
const NUMBER =
  /0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?/y;
const BLANK = /(?:[ \t\n\r\f]|\/\/[^\n]*)+/y;
const QUOTE = /(?:[rR][bB]?|[bB][rR]?)?(?:"|')/y;

const WORDS = new Map<string, CelValue>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const INT_MAX = 1n << 63n;
const UINT_MAX = (1n << 64n) - 1n;

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const blank = matchAt(BLANK, source, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const { token, end } = readToken(source, at, tokens.at(-1));
    tokens.push(token);
    at = end;
  }
  tokens.push({ kind: 'end', at });
  return tokens;
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function readToken(source: string, at: number, before: Token | undefined): { token: Token; end: number } {
  if (matchAt(QUOTE, source, at) !== undefined) {
    const { value, end } = readQuoted(source, at);
    return { token: { kind: 'literal', value, at }, end };
  }
  const number = matchAt(NUMBER, source, at);
  if (number !== undefined && !(number.startsWith('.') && isOperand(before))) {
    return { token: { kind: 'literal', value: toNumber(source, at, number), at }, end: at + number.length };
  }
  const word = matchAt(IDENT, source, at);
  if (word !== undefined) return { token: wordToken(word, at), end: at + word.length };
  const quoted = matchAt(QUOTED_IDENT, source, at);
  if (quoted !== undefined) {
    return {
      token: { kind: 'ident', text: quoted.slice(1, -1), isQuoted: true, at },
      end: at + quoted.length,
    };
  }
  const symbol = matchAt(SYMBOLS, source, at);
  if (symbol !== undefined) return { token: { kind: 'symbol', text: symbol, at }, end: at + symbol.length };
  const character = String.fromCodePoint(source.codePointAt(at)!);
  throw compileErrorAt(source, at, `Syntax error: token recognition error at: '${character}'`);
}

/** After an operand a dot selects; it does not start a number. */
function isOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  return token.kind !== 'symbol' || token.text === ')' || token.text === ']' || token.text === '}';
}

function wordToken(text: string, at: number): Token {
  if (text === 'in') return { kind: 'symbol', text, at };
  const value = WORDS.get(text);
  return value === undefined ? { kind: 'ident', text, isQuoted: false, at } : { kind: 'literal', value, at };
}

/** The least int is written as a negated literal that is one too large: the parser mends it. */
function toNumber(source: string, at: number, text: string): CelValue {
  const isUnsigned = /[uU]$/.test(text);
  if (!isUnsigned && !/^0[xX]/.test(text) && /[.eE]/.test(text)) return Number(text);
  const value = BigInt(isUnsigned ? text.slice(0, -1) : text);
  if (isUnsigned) {
    if (value > UINT_MAX) throw compileErrorAt(source, at, 'invalid uint literal');
    return new CelUint(value);
  }
  if (value > INT_MAX) throw compileErrorAt(source, at, 'invalid int literal');
  return value;
}
