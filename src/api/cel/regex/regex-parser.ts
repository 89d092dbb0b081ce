/** Parses RE2's syntax; look-around and back references are no part of it. @see regexp/syntax in Go */
import { CelError } from '../cel-error.ts';
import { type CharTest, isWordChar, type RegexNode } from './regex-ast.ts';
import { parseClass, perlClass, propertyClass } from './regex-class.ts';

/** @see regexp/syntax, "repeat counts … at most 1000" */
const REPEAT_MAX = 1000;
const DEPTH_MAX = 1000;

interface Flags {
  ignoreCase: boolean;
  multiLine: boolean;
  dotAll: boolean;
  isLazy: boolean;
}

const NO_FLAGS: Flags = { ignoreCase: false, multiLine: false, dotAll: false, isLazy: false };
const FLAG_NAMES: Readonly<Record<string, keyof Flags>> = {
  i: 'ignoreCase',
  m: 'multiLine',
  s: 'dotAll',
  U: 'isLazy',
};

const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** @throws CelError with Go's words for what is wrong */
export function parseRegex(pattern: string): RegexNode {
  const reader = new RegexReader(pattern);
  const node = reader.choice(NO_FLAGS);
  if (!reader.isAtEnd) throw regexError('unexpected )', pattern);
  return node;
}

export function regexError(problem: string, part: string): CelError {
  return new CelError(`error parsing regexp: ${problem}: \`${part}\``);
}

class RegexReader {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  #accept(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #matchHere(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#pattern);
    if (match !== null) this.#at += match[0].length;
    return match ?? undefined;
  }

  choice(outer: Flags): RegexNode {
    if (++this.#depth > DEPTH_MAX) throw regexError('expression nests too deeply', this.#pattern);
    // Flags that are set within a group hold until its end.
    const flags = { ...outer };
    const options = [this.#sequence(flags)];
    while (this.#accept('|')) options.push(this.#sequence(flags));
    this.#depth--;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(flags: Flags): RegexNode {
    const parts: RegexNode[] = [];
    while (!this.isAtEnd && this.#pattern[this.#at] !== '|' && this.#pattern[this.#at] !== ')') {
      const start = this.#at;
      const atom = this.#atom(flags);
      if (atom !== undefined) parts.push(this.#repeated(atom, flags, start));
    }
    if (parts.length === 1) return parts[0]!;
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  #repeated(atom: RegexNode, flags: Flags, start: number): RegexNode {
    let node = atom;
    for (let count = 0; ; count++) {
      const bounds = this.#bounds();
      if (bounds === undefined) return node;
      if (count > 0)
        throw regexError('invalid nested repetition operator', this.#pattern.slice(start, this.#at));
      const [min, max] = bounds;
      if (min > REPEAT_MAX || (max !== Number.POSITIVE_INFINITY && (max > REPEAT_MAX || max < min))) {
        throw regexError('invalid repeat count', this.#pattern.slice(start, this.#at));
      }
      const isLazy = this.#accept('?') !== flags.isLazy;
      node = { kind: 'repeat', inner: node, min, max, isLazy };
    }
  }

  #bounds(): [number, number] | undefined {
    if (this.#accept('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#accept('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#accept('?')) return [0, 1];
    const match = this.#matchHere(/\{(\d+)(,?)(\d*)\}/y);
    if (match === undefined) return undefined;
    const min = Number(match[1]);
    if (match[2] === '') return [min, match[3] === '' ? min : Number.NaN];
    return [min, match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])];
  }

  /** `undefined` for what only sets flags. */
  #atom(flags: Flags): RegexNode | undefined {
    const start = this.#at;
    if (this.#accept('(')) return this.#group(flags, start);
    if (this.#accept('[')) {
      const { test, end } = parseClass(this.#pattern, this.#at, flags.ignoreCase);
      this.#at = end;
      return { kind: 'char', test };
    }
    if (this.#accept('.')) return { kind: 'char', test: flags.dotAll ? () => true : (code) => code !== 10 };
    if (this.#accept('^')) return { kind: 'assert', assertion: flags.multiLine ? 'lineStart' : 'textStart' };
    if (this.#accept('$')) return { kind: 'assert', assertion: flags.multiLine ? 'lineEnd' : 'textEnd' };
    if (this.#accept('\\')) return this.#escape(flags);
    const character = String.fromCodePoint(this.#pattern.codePointAt(start)!);
    if ('*+?'.includes(character)) throw regexError('missing argument to repetition operator', character);
    this.#at += character.length;
    return literal(character.codePointAt(0)!, flags);
  }

  #group(flags: Flags, start: number): RegexNode | undefined {
    let inner = flags;
    const set = this.#matchHere(/\?([imsU]*)(?:-([imsU]+))?([:)])/y);
    if (set !== undefined) {
      const [, on = '', off = '', end] = set;
      inner = { ...flags, ...named(on, true), ...named(off, false) };
      if (end === ')') {
        Object.assign(flags, inner);
        return undefined;
      }
    } else if (this.#matchHere(/\?P?<[A-Za-z_]\w*>/y) === undefined && this.#accept('?')) {
      throw regexError('invalid or unsupported Perl syntax', this.#pattern.slice(start, this.#at + 1));
    }
    const node = this.choice(inner);
    if (!this.#accept(')')) throw regexError('missing closing )', this.#pattern);
    return node;
  }

  #escape(flags: Flags): RegexNode {
    if (this.#accept('Q')) return this.#quoted(flags);
    const assertion = this.#matchHere(/[bBAz]/y)?.[0];
    if (assertion !== undefined) return { kind: 'assert', assertion: ASSERTIONS[assertion]! };
    const perl = this.#matchHere(/[dDsSwW]/y)?.[0];
    if (perl !== undefined) return { kind: 'char', test: perlClass(perl) };
    const property = this.#matchHere(/([pP])(?:\{(\^?)(\w+)\}|(\w))/y);
    if (property !== undefined) {
      const [, kind, not, long, short] = property;
      return { kind: 'char', test: propertyClass((long ?? short)!, (kind === 'P') !== (not === '^')) };
    }
    return literal(this.#escapedCode(), flags);
  }

  #escapedCode(): number {
    const hex = this.#matchHere(/x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/y);
    if (hex !== undefined) return Number.parseInt((hex[1] ?? hex[2])!, 16);
    const octal = this.#matchHere(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y);
    if (octal !== undefined) return Number.parseInt(octal[0], 8);
    const simple = this.#matchHere(/[aftnrv]/y)?.[0];
    if (simple !== undefined) return ESCAPES[simple]!;
    const code = this.#pattern.codePointAt(this.#at);
    if (code === undefined) throw regexError('trailing backslash at end of expression', '');
    if (code < 128 && isWordChar(code) && code !== 95) {
      throw regexError('invalid escape sequence', `\\${String.fromCodePoint(code)}`);
    }
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #quoted(flags: Flags): RegexNode {
    const end = this.#pattern.indexOf('\\E', this.#at);
    const text = this.#pattern.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#pattern.length : end + 2;
    return {
      kind: 'sequence',
      parts: Array.from(text, (character) => literal(character.codePointAt(0)!, flags)),
    };
  }
}

const ASSERTIONS = {
  b: 'wordBoundary',
  B: 'notWordBoundary',
  A: 'textStart',
  z: 'textEnd',
} as Readonly<Record<string, 'wordBoundary' | 'notWordBoundary' | 'textStart' | 'textEnd'>>;

function named(names: string, value: boolean): Partial<Flags> {
  return Object.fromEntries(Array.from(names, (name) => [FLAG_NAMES[name]!, value]));
}

function literal(code: number, { ignoreCase }: Flags): RegexNode {
  return { kind: 'char', test: ignoreCase ? foldedTest(code) : (other) => other === code };
}

function foldedTest(code: number): CharTest {
  const text = String.fromCodePoint(code);
  const lower = text.toLowerCase().codePointAt(0)!;
  const upper = text.toUpperCase().codePointAt(0)!;
  return (other) => other === code || other === lower || other === upper;
}
