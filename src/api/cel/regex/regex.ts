/**
 * Regular expressions that are matched in linear time: all ways through the pattern are followed at once, one character after the
 * other, so no text makes a pattern slow. JavaScript's own engine goes back and tries again, for ever if it must.
 *
 *     pattern ─► program of char | split | jump | assert | match ─► one pass over the text with a list of threads
 *
 * @see Russ Cox, "Regular Expression Matching: the Virtual Machine Approach"
 */
import type { Assertion, CharTest, RegexNode } from './regex-ast.ts';
import { isWordChar } from './regex-ast.ts';
import { parseRegex, regexError } from './regex-parser.ts';

type Instruction =
  | { op: 'char'; test: CharTest }
  /** Both are followed; the first is preferred. */
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'assert'; assertion: Assertion }
  | { op: 'match' };

/** Repetitions are written out: nested ones could become large. */
const PROGRAM_MAX = 20_000;
const CACHE_MAX = 1024;
const cache = new Map<string, Regex>();

/** The compiled pattern, kept while there is room. @throws CelError */
export function compileRegex(pattern: string): Regex {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const regex = new Regex(pattern);
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(pattern, regex);
  return regex;
}

export class Regex {
  readonly #program: Instruction[] = [];

  constructor(pattern: string) {
    this.#emit(parseRegex(pattern), pattern);
    this.#program.push({ op: 'match' });
  }

  test(text: string): boolean {
    return this.#search(text, 0, true) !== undefined;
  }

  /** The leftmost match at or behind `from`, as indices into `text`. */
  find(text: string, from = 0): { start: number; end: number } | undefined {
    return this.#search(text, from, false);
  }

  #emit(node: RegexNode, pattern: string): void {
    if (this.#program.length > PROGRAM_MAX) throw regexError('expression too large', pattern);
    switch (node.kind) {
      case 'empty':
        return;
      case 'char':
        this.#program.push({ op: 'char', test: node.test });
        return;
      case 'assert':
        this.#program.push({ op: 'assert', assertion: node.assertion });
        return;
      case 'sequence':
        for (const part of node.parts) this.#emit(part, pattern);
        return;
      case 'choice':
        this.#emitChoice(node.options, pattern);
        return;
      case 'repeat':
        this.#emitRepeat(node, pattern);
    }
  }

  #emitChoice(options: readonly RegexNode[], pattern: string): void {
    const jumps: { op: 'jump'; to: number }[] = [];
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) {
        this.#emit(option, pattern);
        break;
      }
      const split = { op: 'split' as const, first: this.#program.length + 1, second: 0 };
      this.#program.push(split);
      this.#emit(option, pattern);
      const jump = { op: 'jump' as const, to: 0 };
      jumps.push(jump);
      this.#program.push(jump);
      split.second = this.#program.length;
    }
    for (const jump of jumps) jump.to = this.#program.length;
  }

  #emitRepeat({ inner, min, max, isLazy }: RegexNode & { kind: 'repeat' }, pattern: string): void {
    for (let count = 0; count < min; count++) this.#emit(inner, pattern);
    if (max === Number.POSITIVE_INFINITY) {
      const start = this.#program.length;
      const split = this.#split();
      this.#emit(inner, pattern);
      this.#program.push({ op: 'jump', to: start });
      setTargets(split, { inside: start + 1, behind: this.#program.length, isLazy });
      return;
    }
    const splits: { split: Split; at: number }[] = [];
    for (let count = min; count < max; count++) {
      splits.push({ at: this.#program.length, split: this.#split() });
      this.#emit(inner, pattern);
    }
    for (const { split, at } of splits) {
      setTargets(split, { inside: at + 1, behind: this.#program.length, isLazy });
    }
  }

  #split(): Split {
    const split: Split = { op: 'split', first: 0, second: 0 };
    this.#program.push(split);
    return split;
  }

  #search(text: string, from: number, isAnyEnough: boolean): { start: number; end: number } | undefined {
    const program = this.#program;
    let threads: Thread[] = [];
    let found: { start: number; end: number } | undefined;
    const seen = new Int32Array(program.length).fill(-1);
    let at = from;
    for (;;) {
      const code = at < text.length ? text.codePointAt(at)! : -1;
      const next: Thread[] = [];
      if (found === undefined) threads.push({ pc: 0, start: at });
      const ready = followAll(program, threads, { text, at, seen });
      const width = code > 0xffff ? 2 : 1;
      for (const { pc, start } of ready) {
        const instruction = program[pc]!;
        if (instruction.op === 'match') {
          found = { start, end: at };
          if (isAnyEnough) return found;
          // What comes behind is less preferred.
          break;
        }
        if (instruction.op === 'char' && code >= 0 && instruction.test(code))
          next.push({ pc: pc + 1, start });
      }
      if (code < 0 || (next.length === 0 && found !== undefined)) return found;
      threads = next;
      at += width;
    }
  }
}

type Split = Instruction & { op: 'split' };

function setTargets(
  split: Split,
  { inside, behind, isLazy }: { inside: number; behind: number; isLazy: boolean },
): void {
  split.first = isLazy ? behind : inside;
  split.second = isLazy ? inside : behind;
}

interface Thread {
  pc: number;
  start: number;
}

interface Position {
  text: string;
  at: number;
  /** Where an instruction was last reached, so that each is reached once for each character. */
  seen: Int32Array;
}

/** The threads that wait for a character or match, in the order of preference. */
function followAll(
  program: readonly Instruction[],
  threads: readonly Thread[],
  position: Position,
): Thread[] {
  const ready: Thread[] = [];
  const { seen, at } = position;
  for (const thread of threads) {
    const stack = [thread.pc];
    while (stack.length > 0) {
      const pc = stack.pop()!;
      if (seen[pc] === at) continue;
      seen[pc] = at;
      const instruction = program[pc]!;
      if (instruction.op === 'jump') stack.push(instruction.to);
      else if (instruction.op === 'split') stack.push(instruction.second, instruction.first);
      else if (instruction.op !== 'assert') ready.push({ pc, start: thread.start });
      else if (holds(instruction.assertion, position)) stack.push(pc + 1);
    }
  }
  return ready;
}

function holds(assertion: Assertion, position: Position): boolean {
  return ASSERTIONS[assertion](position);
}

const isBoundary = ({ text, at }: Position) => isWordAt(text, at - 1) !== isWordAt(text, at);

const ASSERTIONS: Readonly<Record<Assertion, (position: Position) => boolean>> = {
  textStart: ({ at }) => at === 0,
  textEnd: ({ text, at }) => at === text.length,
  lineStart: ({ text, at }) => at === 0 || text[at - 1] === '\n',
  lineEnd: ({ text, at }) => at === text.length || text[at] === '\n',
  wordBoundary: isBoundary,
  notWordBoundary: (position) => !isBoundary(position),
};

function isWordAt(text: string, at: number): boolean {
  return at >= 0 && at < text.length && isWordChar(text.charCodeAt(at));
}
