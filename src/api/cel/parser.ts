/**
 * From tokens to an expression, by recursive descent. Bounded in the length of the text and in the depth of the tree.
 *
 *     expr = or ['?' or ':' expr]    or = and {'||' and}    and = relation {'&&' relation}
 *     relation = sum {('<'|…|'in') sum}    sum = product {('+'|'-') product}    member = primary {'.' … | '[' … | '{' …}
 *
 * @see cel-spec, doc/langdef.md; cel-go parser/parser.go
 */
import type { Expr, ListExpr, LogicExpr, MapExpr, StructExpr } from './ast.ts';
import { CelCompileError, compileErrorAt } from './cel-error.ts';
import { type Token, tokenize } from './lexer.ts';
import { expandMacro } from './macros.ts';

/** @see cel-go parser/options.go expressionSizeCodePointLimit, maxRecursionDepth */
const LENGTH_MAX = 100_000;
const DEPTH_MAX = 250;

const RELATIONS = ['<', '<=', '>', '>=', '==', '!=', 'in'];
const SUMS = ['+', '-'];
const PRODUCTS = ['*', '/', '%'];

/** @see cel-go parser/parser.go reservedIds */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'as break const continue else false for function if import in let loop package namespace null return true var void ' +
    'while'
  ).split(' '),
);

export function operatorName(symbol: string): string {
  return symbol === 'in' ? '@in' : `_${symbol}_`;
}

/** @throws CelCompileError */
export function parseExpression(source: string): Expr {
  if (source.length > LENGTH_MAX) {
    const size = Array.from(source).length;
    const problem = `expression code point size exceeds limit: size: ${size}, limit ${LENGTH_MAX}`;
    if (size > LENGTH_MAX) throw new CelCompileError(`ERROR: <input>:-1:0: ${problem}`);
  }
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  parse(): Expr {
    const expr = this.#expr();
    if (this.#token.kind !== 'end') this.#refuse();
    return expr;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #refuse(expected?: string): never {
    const token = this.#token;
    const shown =
      token.kind === 'end' ? '<EOF>' : this.#source.slice(token.at, this.#tokens[this.#next + 1]!.at);
    const rest = expected === undefined ? '' : ` expecting ${expected}`;
    throw compileErrorAt(this.#source, token.at, `Syntax error: mismatched input '${shown.trim()}'${rest}`);
  }

  #isSymbol(...texts: string[]): boolean {
    const token = this.#token;
    return token.kind === 'symbol' && texts.includes(token.text);
  }

  #accept(text: string): boolean {
    if (!this.#isSymbol(text)) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#refuse(`'${text}'`);
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth > DEPTH_MAX) {
      throw compileErrorAt(this.#source, this.#token.at, `expression recursion limit exceeded: ${DEPTH_MAX}`);
    }
    const result = parse();
    this.#depth--;
    return result;
  }

  #expr(): Expr {
    return this.#deeper(() => {
      const condition = this.#logic('||');
      const { at } = this.#token;
      if (!this.#accept('?')) return condition;
      const then = this.#logic('||');
      this.#expect(':');
      return { kind: 'call', name: '_?_:_', target: undefined, args: [condition, then, this.#expr()], at };
    });
  }

  #logic(symbol: '||' | '&&'): Expr {
    const term = () => (symbol === '||' ? this.#logic('&&') : this.#binary(RELATIONS));
    const first = term();
    const { at } = this.#token;
    if (!this.#isSymbol(symbol)) return first;
    const terms = [first];
    while (this.#accept(symbol)) terms.push(term());
    return { kind: 'logic', operator: operatorName(symbol) as LogicExpr['operator'], terms, at };
  }

  /** Chains lean to the left, so their length is depth: it is bounded as such. */
  #binary(symbols: readonly string[]): Expr {
    const operand = () =>
      symbols === RELATIONS ? this.#binary(SUMS) : symbols === SUMS ? this.#binary(PRODUCTS) : this.#unary();
    let left = operand();
    for (let length = this.#depth; this.#isSymbol(...symbols); length++) {
      const token = this.#token as Token & { kind: 'symbol' };
      if (length > DEPTH_MAX) {
        throw compileErrorAt(this.#source, token.at, `expression recursion limit exceeded: ${DEPTH_MAX}`);
      }
      this.#next++;
      left = {
        kind: 'call',
        name: operatorName(token.text),
        target: undefined,
        args: [left, operand()],
        at: token.at,
      };
    }
    return left;
  }

  #unary(): Expr {
    const { at } = this.#token;
    if (!this.#isSymbol('!', '-')) return this.#member();
    const isNot = this.#isSymbol('!');
    this.#next++;
    const operand = this.#deeper(() => this.#unary());
    if (!isNot && operand.kind === 'literal' && typeof operand.value === 'bigint' && operand.value >= 0n) {
      return { ...operand, value: -operand.value, at };
    }
    if (!isNot && operand.kind === 'literal' && typeof operand.value === 'number') {
      return { ...operand, value: -operand.value, at };
    }
    return { kind: 'call', name: isNot ? '!_' : '-_', target: undefined, args: [operand], at };
  }

  #member(): Expr {
    let expr = this.#primary();
    for (let length = this.#depth; this.#isSymbol('.', '.?', '[', '[?', '{'); length++) {
      const { at } = this.#token;
      if (length > DEPTH_MAX) {
        throw compileErrorAt(this.#source, at, `expression recursion limit exceeded: ${DEPTH_MAX}`);
      }
      if (this.#accept('.')) expr = this.#selection(expr, at);
      else if (this.#accept('.?')) {
        expr = { kind: 'select', operand: expr, field: this.#name(), isTest: false, isOptional: true, at };
      } else if (this.#isSymbol('{')) {
        const name = qualifiedName(expr);
        if (name === undefined) break;
        expr = this.#struct(name, expr.at);
      } else expr = this.#index(expr, at);
    }
    return expr;
  }

  #selection(operand: Expr, at: number): Expr {
    const nameAt = this.#token.at;
    const field = this.#name();
    const openAt = this.#token.at;
    if (!this.#accept('(')) return { kind: 'select', operand, field, isTest: false, isOptional: false, at };
    const call = {
      kind: 'call' as const,
      name: field,
      target: operand,
      args: this.#arguments(')'),
      at: openAt,
    };
    return expandMacro(this.#source, call, nameAt);
  }

  #index(operand: Expr, at: number): Expr {
    const isOptional = this.#accept('[?');
    if (!isOptional) this.#expect('[');
    const index = this.#expr();
    this.#expect(']');
    return {
      kind: 'call',
      name: isOptional ? '_[?_]' : '_[_]',
      target: undefined,
      args: [operand, index],
      at,
    };
  }

  #name(): string {
    const token = this.#token;
    if (token.kind === 'symbol' && token.text === 'in') this.#refuse('IDENTIFIER');
    if (token.kind !== 'ident') this.#refuse('IDENTIFIER');
    this.#next++;
    return token.text;
  }

  #primary(): Expr {
    const token = this.#token;
    if (token.kind === 'literal') {
      this.#next++;
      return this.#literal(token);
    }
    if (token.kind === 'ident' && !token.isQuoted) return this.#identOrCall(token.text, token.at);
    if (this.#accept('.')) return this.#primary();
    if (this.#accept('(')) {
      const expr = this.#expr();
      this.#expect(')');
      return expr;
    }
    if (this.#accept('[')) return this.#list(token.at, false);
    if (this.#accept('[?')) return this.#list(token.at, true);
    if (this.#accept('{')) return this.#map(token.at);
    return this.#refuse(
      "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    );
  }

  #literal({ value, at }: Token & { kind: 'literal' }): Expr {
    const before = this.#tokens[this.#next - 2];
    const isNegated = before?.kind === 'symbol' && before.text === '-';
    if (typeof value === 'bigint' && value === 1n << 63n && !isNegated) {
      throw compileErrorAt(this.#source, at, 'invalid int literal');
    }
    return { kind: 'literal', value, at };
  }

  #identOrCall(name: string, at: number): Expr {
    this.#next++;
    if (RESERVED.has(name)) throw compileErrorAt(this.#source, at, `reserved identifier: ${name}`);
    if (!this.#accept('(')) return { kind: 'ident', name, at };
    return expandMacro(
      this.#source,
      { kind: 'call', name, target: undefined, args: this.#arguments(')'), at },
      at,
    );
  }

  #arguments(close: string): Expr[] {
    const args: Expr[] = [];
    while (!this.#isSymbol(close)) {
      args.push(this.#expr());
      if (!this.#accept(',')) break;
    }
    this.#expect(close);
    return args;
  }

  #list(at: number, startsOptional: boolean): ListExpr {
    const items: { value: Expr; isOptional: boolean }[] = [];
    while (!this.#isSymbol(']')) {
      const isOptional = (startsOptional && items.length === 0) || this.#accept('?');
      items.push({ value: this.#expr(), isOptional });
      if (!this.#accept(',')) break;
    }
    this.#expect(']');
    return { kind: 'list', items, at };
  }

  #map(at: number): MapExpr {
    const entries: { key: Expr; value: Expr; isOptional: boolean }[] = [];
    while (!this.#isSymbol('}')) {
      const isOptional = this.#accept('?');
      const key = this.#expr();
      this.#expect(':');
      entries.push({ key, value: this.#expr(), isOptional });
      if (!this.#accept(',')) break;
    }
    this.#expect('}');
    return { kind: 'map', entries, at };
  }

  #struct(name: string, at: number): StructExpr {
    this.#expect('{');
    const fields: { name: string; value: Expr; isOptional: boolean }[] = [];
    while (!this.#isSymbol('}')) {
      const isOptional = this.#accept('?');
      const field = this.#name();
      this.#expect(':');
      fields.push({ name: field, value: this.#expr(), isOptional });
      if (!this.#accept(',')) break;
    }
    this.#expect('}');
    return { kind: 'struct', name, fields, at };
  }
}

/** `Object.spec` of a chain of plain selections; what else stands before a brace is no name of a type. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.isTest || expr.isOptional) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
}
