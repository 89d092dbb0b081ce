/** Compiles a comprehension: a loop over the elements of a list or the entries of a map. @see cel-go parser/macro.go, ext/comprehensions.go */
import type { FoldExpr, FoldMacro } from './ast.ts';
import { COST } from './budget.ts';
import { CelError, compileErrorAt } from './cel-error.ts';
import { BOOL, type CelType, DYN, INT, maxSizeOf, showType, withMaxSize } from './cel-type.ts';
import { attempt, type CompileContext, compileExpression, noSuchOverload } from './compile-expression.ts';
import type { Compiled, Frame } from './compiled.ts';
import type { Variable } from './scope.ts';
import { CelMap, type CelValue, isList, LiteralMap } from './value.ts';

/** What a round costs beside its filter and body. */
const ROUND = 2;

export function compileFold(expr: FoldExpr, context: CompileContext): Compiled {
  const range = compileExpression(expr.range, context);
  const parts = partsOf(range.type);
  if (parts === undefined) {
    throw compileErrorAt(
      context.source,
      expr.range.at,
      `expression of type '${showType(range.type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
  }
  const isPair = expr.variables.length === 2;
  const types = isPair ? [parts.key, parts.value] : [parts.single];
  const scope = context.scope.with(expr.variables.map((name, index) => ({ name, type: types[index]! })));
  const inner = { ...context, scope };
  const filter = expr.filter && compileExpression(expr.filter, inner);
  const body = compileExpression(expr.body, inner);
  checkPredicates(expr, { filter, body }, context);
  const variables = expr.variables.map((name) => scope.find(name)!);
  const loop = LOOPS[expr.macro];
  const perRound = ROUND + (filter?.cost ?? 0) + body.cost;
  return {
    type: resultType(expr.macro, {
      body: body.type,
      key: parts.key,
      single: parts.single,
      range: range.type,
    }),
    cost: range.cost + COST.step + maxSizeOf(range.type) * perRound,
    run: (frame) => loop(roundsOf(range.run(frame), isPair), { frame, variables, filter, body }),
  };
}

interface RangeParts {
  /** Of a list the index. */
  key: CelType;
  value: CelType;
  /** What a single variable is bound to. */
  single: CelType;
}

function partsOf(type: CelType): RangeParts | undefined {
  if (type.kind === 'list') return { key: INT, value: type.item, single: type.item };
  if (type.kind === 'map') return { key: type.key, value: type.value, single: type.key };
  return type.kind === 'dyn' ? { key: DYN, value: DYN, single: DYN } : undefined;
}

function checkPredicates(
  expr: FoldExpr,
  { filter, body }: { filter: Compiled | undefined; body: Compiled },
  { source }: CompileContext,
): void {
  const refuse = (part: Compiled, at: number) => {
    if (part.type.kind === 'bool' || part.type.kind === 'dyn') return;
    const applied = `found no matching overload for '_?_:_' applied to '(${showType(part.type)}, list, list)'`;
    throw compileErrorAt(source, at, applied);
  };
  if (filter !== undefined) refuse(filter, expr.filter!.at);
  if (BOOLEAN_BODIES.has(expr.macro)) refuse(body, expr.body.at);
}

const BOOLEAN_BODIES: ReadonlySet<FoldMacro> = new Set(['all', 'exists', 'exists_one', 'filter']);

function resultType(
  macro: FoldMacro,
  { body, key, single, range }: { body: CelType; key: CelType; single: CelType; range: CelType },
): CelType {
  const size = maxSizeOf(range);
  switch (macro) {
    case 'all':
    case 'exists':
    case 'exists_one':
      return BOOL;
    case 'map':
    case 'transformList':
      return withMaxSize({ kind: 'list', item: body }, size);
    case 'filter':
      return withMaxSize({ kind: 'list', item: single }, size);
    case 'transformMap':
      return withMaxSize({ kind: 'map', key, value: body }, size);
    case 'transformMapEntry':
      return body.kind === 'map' ? withMaxSize(body, size) : { kind: 'map', key: DYN, value: DYN };
  }
}

type Round = readonly [CelValue] | readonly [CelValue, CelValue];

function* roundsOf(range: CelValue, isPair: boolean): Generator<Round> {
  if (isList(range)) {
    for (let index = 0; index < range.length; index++) {
      yield isPair ? [BigInt(index), range[index]!] : [range[index]!];
    }
  } else if (range instanceof CelMap) {
    for (const key of range.keys()) yield isPair ? [key, range.get(key)!] : [key];
  } else throw noSuchOverload();
}

interface Loop {
  frame: Frame;
  variables: readonly Variable[];
  filter: Compiled | undefined;
  body: Compiled;
}

type LoopRunner = (rounds: Iterable<Round>, loop: Loop) => CelValue;

const LOOPS: Readonly<Record<FoldMacro, LoopRunner>> = {
  all: (rounds, loop) => quantify(rounds, loop, false),
  exists: (rounds, loop) => quantify(rounds, loop, true),
  exists_one(rounds, loop) {
    let count = 0;
    for (const round of rounds) if (isChosen(bind(loop, round), loop.body)) count++;
    return count === 1;
  },
  map: collect,
  transformList: collect,
  filter(rounds, loop) {
    const kept: CelValue[] = [];
    for (const round of rounds) if (isChosen(bind(loop, round), loop.body)) kept.push(round[0]);
    return kept;
  },
  transformMap: (rounds, loop) => collectMap(rounds, loop, (map, key, value) => map.add(key, value)),
  transformMapEntry: (rounds, loop) =>
    collectMap(rounds, loop, (map, _key, entry) => {
      if (!(entry instanceof CelMap)) throw noSuchOverload();
      for (const key of entry.keys()) map.add(key, entry.get(key)!);
    }),
};

/** A round that decides outweighs the errors of those before it. */
function quantify(rounds: Iterable<Round>, loop: Loop, deciding: boolean): boolean {
  let failure: CelError | undefined;
  for (const round of rounds) {
    const frame = bind(loop, round);
    const value = attempt(() => loop.body.run(frame));
    if (value === deciding) return deciding;
    if (value instanceof CelError) failure = value;
    else if (typeof value !== 'boolean') failure = noSuchOverload();
  }
  if (failure !== undefined) throw failure;
  return !deciding;
}

function collect(rounds: Iterable<Round>, loop: Loop): CelValue {
  const values: CelValue[] = [];
  for (const round of rounds) {
    const frame = bind(loop, round);
    if (loop.filter === undefined || isChosen(frame, loop.filter)) values.push(loop.body.run(frame));
  }
  return values;
}

function collectMap(
  rounds: Iterable<Round>,
  loop: Loop,
  add: (map: LiteralMap, key: CelValue, value: CelValue) => void,
): CelValue {
  const map = new LiteralMap();
  for (const round of rounds) {
    const frame = bind(loop, round);
    if (loop.filter === undefined || isChosen(frame, loop.filter)) add(map, round[0], loop.body.run(frame));
  }
  return map;
}

function bind({ frame, variables }: Loop, round: Round): Frame {
  frame.budget.charge(ROUND);
  for (const [index, { slot }] of variables.entries()) frame.slots[slot] = round[index]!;
  return frame;
}

function isChosen(frame: Frame, predicate: Compiled): boolean {
  const value = predicate.run(frame);
  if (typeof value !== 'boolean') throw noSuchOverload();
  return value;
}
