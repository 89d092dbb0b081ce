/** Classes of characters: `[a-z[:digit:]\pL]`, `\d`, `\p{Greek}`. */
import { ownValue } from '../../../base/own-value.ts';
import { CelError } from '../cel-error.ts';
import { type CharTest, isWordChar } from './regex-ast.ts';

const PERL: Readonly<Record<string, CharTest>> = {
  d: (code) => code >= 48 && code <= 57,
  s: (code) => code === 32 || code === 9 || code === 10 || code === 12 || code === 13,
  w: isWordChar,
};

export function perlClass(name: string): CharTest {
  const test = PERL[name.toLowerCase()]!;
  return name === name.toLowerCase() ? test : (code) => !test(code);
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Unicode's categories and scripts, as the engine knows them. @throws CelError */
export function propertyClass(name: string, isNot: boolean): CharTest {
  const known = properties.get(name) ?? toPropertyPattern(name);
  properties.set(name, known);
  return (code) => known.test(String.fromCodePoint(code)) !== isNot;
}

/** At most as many as Unicode has categories and scripts. */
const properties = new Map<string, RegExp>();

const CATEGORY = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;

function toPropertyPattern(name: string): RegExp {
  try {
    return new RegExp(CATEGORY.test(name) ? `^\\p{${name}}$` : `^\\p{Script=${name}}$`, 'u');
  } catch {
    // The engine does not know such a script.
    throw new CelError(`error parsing regexp: invalid character class range: \`\\p{${name}}\``);
  }
}

const ITEM =
  /\[:(\^?)(\w+):\]|\\([dDsSwW])|\\([pP])(?:\{(\^?)(\w+)\}|(\w))|\\x\{([0-9a-fA-F]+)\}|\\x([0-9a-fA-F]{2})|\\([0-7]{1,3})|\\([aftnrv])|\\([^A-Za-z0-9])|([^\\])/uy;

const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** @param at  behind the opening bracket */
export function parseClass(
  pattern: string,
  at: number,
  ignoreCase: boolean,
): { test: CharTest; end: number } {
  const isNot = pattern[at] === '^';
  const first = isNot ? at + 1 : at;
  const tests: CharTest[] = [];
  let next = first;
  while (next === first || pattern[next] !== ']') {
    const item = readItem(pattern, next);
    next = item.end;
    if (item.code === undefined) tests.push(item.test!);
    else {
      const range = readRange(pattern, item.code, next);
      next = range.end;
      tests.push(ignoreCase ? folded(range.low, range.high) : within(range.low, range.high));
    }
  }
  const test: CharTest = (code) => tests.some((one) => one(code)) !== isNot;
  return { test, end: next + 1 };
}

function within(low: number, high: number): CharTest {
  return (code) => code >= low && code <= high;
}

function folded(low: number, high: number): CharTest {
  return (code) => {
    const text = String.fromCodePoint(code);
    const cases = [code, text.toLowerCase().codePointAt(0)!, text.toUpperCase().codePointAt(0)!];
    return cases.some((one) => one >= low && one <= high);
  };
}

interface ClassItem {
  end: number;
  /** Of a single character, which may start a range. */
  code?: number;
  test?: CharTest;
}

function readItem(pattern: string, at: number): ClassItem {
  ITEM.lastIndex = at;
  const match = ITEM.exec(pattern);
  if (match === null) throw new CelError(`error parsing regexp: missing closing ]: \`${pattern.slice(at)}\``);
  const end = at + match[0].length;
  const [, posixNot, posix, perl, kind, not, long, short, hex, hex2, octal, simple, punctuation, plain] =
    match;
  if (posix !== undefined) return { end, test: posixClass(posix, posixNot === '^') };
  if (perl !== undefined) return { end, test: perlClass(perl) };
  if (kind !== undefined) {
    return { end, test: propertyClass((long ?? short)!, (kind === 'P') !== (not === '^')) };
  }
  if (hex !== undefined || hex2 !== undefined) return { end, code: Number.parseInt((hex ?? hex2)!, 16) };
  if (octal !== undefined) return { end, code: Number.parseInt(octal, 8) };
  if (simple !== undefined) return { end, code: ESCAPES[simple]! };
  return { end, code: (punctuation ?? plain)!.codePointAt(0)! };
}

function readRange(pattern: string, low: number, at: number): { low: number; high: number; end: number } {
  if (pattern[at] !== '-' || pattern[at + 1] === ']' || at + 1 >= pattern.length)
    return { low, high: low, end: at };
  const { code, end } = readItem(pattern, at + 1);
  if (code === undefined || code < low) {
    throw new CelError(
      `error parsing regexp: invalid character class range: \`${pattern.slice(at - 1, end)}\``,
    );
  }
  return { low, high: code, end };
}

function posixClass(name: string, isNot: boolean): CharTest {
  const set = ownValue(POSIX, name);
  if (set === undefined) {
    throw new CelError(`error parsing regexp: invalid character class range: \`[:${name}:]\``);
  }
  const test = new RegExp(`^[${set}]$`, 'u');
  return (code) => test.test(String.fromCodePoint(code)) !== isNot;
}
