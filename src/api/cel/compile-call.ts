/**
 * Compiles a call: chooses among a name's overloads by the types of the arguments, or, where those are dynamic, keeps the
 * candidates and chooses by the values.
 */
import type { CallExpr, Expr } from './ast.ts';
import { COST, TRAVERSAL } from './budget.ts';
import { CelError, compileErrorAt } from './cel-error.ts';
import {
  type CelType,
  DYN,
  fits,
  joinTypes,
  maxSizeOf,
  showType,
  substitute,
  type TypeBindings,
  withMaxSize,
} from './cel-type.ts';
import { compileBind, isBind } from './compile-bind.ts';
import {
  type CompileContext,
  compileExpression,
  noSuchOverload,
  selectOptional,
} from './compile-expression.ts';
import type { Compiled, Frame } from './compiled.ts';
import { parseDuration, parseTimestamp } from './functions/time-text.ts';
import { hasType } from './has-type.ts';
import type { Overload } from './overload.ts';
import { qualifiedName } from './parser.ts';
import { compileRegex } from './regex/regex.ts';
import { CelMap, CelOptional, type CelValue, isList, showKey } from './value.ts';

export function compileCall(expr: CallExpr, context: CompileContext): Compiled {
  if (expr.name === '_?_:_') return compileTernary(expr, context);
  if (context.allowsBind && isBind(expr)) return compileBind(expr, context);
  if (expr.name === '_[_]' || expr.name === '_[?_]') return compileIndex(expr, context);
  const namespaced = expr.target && namespacedName(expr, expr.target, context);
  if (namespaced !== undefined) return compileFunction(namespaced, expr, context);
  const optional = expr.target && compileOptionalForm(expr, expr.target, context);
  return optional ?? compileFunction(expr.name, expr, context);
}

/** `sets.contains` is one name where no variable is called `sets`. */
function namespacedName(
  { name }: CallExpr,
  target: Expr,
  { scope, functions }: CompileContext,
): string | undefined {
  const qualifier = qualifiedName(target);
  if (qualifier === undefined || scope.find(qualifier.split('.', 1)[0]!) !== undefined) return undefined;
  const full = `${qualifier}.${name}`;
  return functions.has(full) ? full : undefined;
}

function compileFunction(name: string, expr: CallExpr, context: CompileContext): Compiled {
  const isMember = expr.target !== undefined && name === expr.name;
  const inner = name === 'format' ? { ...context, allowsMixed: true } : context;
  const parts = isMember ? [expr.target!, ...expr.args] : expr.args;
  const operands = parts.map((part) => compileExpression(part, inner));
  const overloads = context.functions.get(name);
  if (overloads === undefined) {
    throw compileErrorAt(context.source, expr.at, `undeclared reference to '${name}' (in container '')`);
  }
  checkLiterals(name, expr, context);
  const types = operands.map(({ type }) => type);
  const matches = overloads.flatMap((overload) => matchOverload(overload, isMember, types));
  if (matches.length === 0) {
    const shown = types.map(showType);
    const applied = isMember ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
    throw compileErrorAt(
      context.source,
      expr.at,
      `found no matching overload for '${name}' applied to '${applied}'`,
    );
  }
  return {
    type: matches.map(({ result }) => result).reduce(joinTypes),
    cost: estimate(matches[0]!.overload, operands),
    run: runnerOf(
      matches.map(({ overload }) => overload),
      operands,
    ),
  };
}

/** What can be told of a literal before it is evaluated. @see cel-go cel/validator.go */
const LITERAL_CHECKS: Readonly<
  Record<string, { position: number; check: (text: string) => unknown; what: string }>
> = {
  duration: { position: 0, check: parseDuration, what: 'invalid duration argument' },
  timestamp: { position: 0, check: parseTimestamp, what: 'invalid timestamp argument' },
  matches: { position: -1, check: compileRegex, what: 'invalid matches argument' },
};

function checkLiterals(name: string, { args }: CallExpr, { source }: CompileContext): void {
  const known = Object.hasOwn(LITERAL_CHECKS, name) ? LITERAL_CHECKS[name] : undefined;
  const literal = known && args.at(known.position);
  if (literal?.kind !== 'literal' || typeof literal.value !== 'string') return;
  const { value, at } = literal;
  try {
    known!.check(value);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw compileErrorAt(source, at, known!.what);
  }
}

function matchOverload(
  overload: Overload,
  isMember: boolean,
  types: readonly CelType[],
): { overload: Overload; result: CelType }[] {
  if (overload.isMember !== isMember || overload.params.length !== types.length) return [];
  const bindings: TypeBindings = new Map();
  if (!overload.params.every((param, index) => fits(param, types[index]!, bindings))) return [];
  const size = types.reduce((sum, type) => sum + (maxSizeOf(type) > 1 ? maxSizeOf(type) : 0), 0);
  return [{ overload, result: withMaxSize(substitute(overload.result, bindings), size) }];
}

function estimate(overload: Overload, operands: readonly Compiled[]): number {
  const sizes = operands.map(({ type }) => (maxSizeOf(type) === 1 ? 0 : maxSizeOf(type)));
  const work = overload.estimate?.(...sizes) ?? sizes.reduce((sum, size) => sum + size, 0);
  return operands.reduce((sum, { cost }) => sum + cost, COST.step + Math.ceil(work * TRAVERSAL));
}

type AnyCall = (...args: CelValue[]) => CelValue;

/** Values are looked at even where types are known: null is of every type, and stored objects may be older than their schema. */
function runnerOf(overloads: readonly Overload[], operands: readonly Compiled[]): Compiled['run'] {
  return (frame) => {
    const args = operands.map((operand) => operand.run(frame));
    const overload = chooseOverload(overloads, args);
    const work = (overload.work as unknown as (...values: CelValue[]) => number)(...args);
    frame.budget.charge(COST.step + Math.ceil(work * TRAVERSAL));
    return (overload.call as unknown as AnyCall)(...args);
  };
}

/** @throws CelError `no such overload` */
function chooseOverload(overloads: readonly Overload[], args: readonly CelValue[]): Overload {
  const found = overloads.find(({ params }) => params.every((param, index) => hasType(args[index]!, param)));
  if (found === undefined) throw noSuchOverload();
  return found;
}

function compileTernary({ args, at }: CallExpr, context: CompileContext): Compiled {
  const [condition, then, otherwise] = args.map((arg) => compileExpression(arg, context)) as [
    Compiled,
    Compiled,
    Compiled,
  ];
  const isBool = condition.type.kind === 'bool' || condition.type.kind === 'dyn';
  const type = joinTypes(then.type, otherwise.type);
  const isMixed = type.kind === 'dyn' && then.type.kind !== 'dyn' && otherwise.type.kind !== 'dyn';
  if (!isBool || isMixed) {
    const applied = [condition, then, otherwise].map((part) => showType(part.type)).join(', ');
    throw compileErrorAt(
      context.source,
      at,
      `found no matching overload for '_?_:_' applied to '(${applied})'`,
    );
  }
  return {
    type,
    cost: condition.cost + Math.max(then.cost, otherwise.cost),
    run(frame) {
      const chosen = condition.run(frame);
      if (typeof chosen !== 'boolean') throw noSuchOverload();
      return (chosen ? then : otherwise).run(frame);
    },
  };
}

function compileIndex({ name, args, at }: CallExpr, context: CompileContext): Compiled {
  const [operand, index] = args.map((arg) => compileExpression(arg, context)) as [Compiled, Compiled];
  const isOptional = name === '_[?_]' || operand.type.kind === 'optional';
  const inner = operand.type.kind === 'optional' ? operand.type.item : operand.type;
  const item = itemType(inner, index.type);
  if (item === undefined) {
    const applied = `(${showType(operand.type)}, ${showType(index.type)})`;
    throw compileErrorAt(
      context.source,
      at,
      `found no matching overload for '${name}' applied to '${applied}'`,
    );
  }
  const cost = operand.cost + index.cost + COST.step;
  const run = isOptional ? runOptionalIndex : runIndex;
  return {
    type: isOptional ? { kind: 'optional', item } : item,
    cost,
    run: (frame) => run(operand, index, frame),
  };
}

function itemType(type: CelType, index: CelType): CelType | undefined {
  if (type.kind === 'dyn') return DYN;
  if (type.kind === 'map') return fits(type.key, index, new Map()) ? type.value : undefined;
  if (type.kind !== 'list') return undefined;
  return index.kind === 'int' || index.kind === 'dyn' || index.kind === 'uint' ? type.item : undefined;
}

function runIndex(operand: Compiled, index: Compiled, frame: Frame): CelValue {
  frame.budget.charge(COST.step);
  const held = operand.run(frame);
  const key = index.run(frame);
  if (isList(held)) return itemAt(held, key);
  if (!(held instanceof CelMap)) throw noSuchOverload();
  const value = held.get(key);
  if (value === undefined) throw new CelError(`no such key: ${showKey(key)}`);
  return value;
}

function itemAt(list: readonly CelValue[], key: CelValue): CelValue {
  const position = typeof key === 'bigint' || typeof key === 'number' ? Number(key) : undefined;
  if (position === undefined || !Number.isInteger(position)) throw noSuchOverload();
  const value = list[position];
  if (value === undefined) throw new CelError(`index out of bounds: ${position}`);
  return value;
}

function runOptionalIndex(operand: Compiled, index: Compiled, frame: Frame): CelValue {
  frame.budget.charge(COST.step);
  return selectOptional(operand.run(frame), index.run(frame));
}

/** `or` and `orValue` look at their argument only where there is no value; `optMap` and `optFlatMap` bind it. */
function compileOptionalForm(expr: CallExpr, target: Expr, context: CompileContext): Compiled | undefined {
  const { name, args } = expr;
  if ((name === 'or' || name === 'orValue') && args.length === 1) {
    return compileOr(name, compileExpression(target, context), compileExpression(args[0]!, context));
  }
  const [variable, body] = args;
  if ((name !== 'optMap' && name !== 'optFlatMap') || args.length !== 2) return undefined;
  if (variable?.kind !== 'ident') {
    throw compileErrorAt(context.source, variable!.at, `${name}() variable name must be a simple identifier`);
  }
  const optional = compileExpression(target, context);
  const type = optional.type.kind === 'optional' ? optional.type.item : DYN;
  const scope = context.scope.with([{ name: variable.name, type }]);
  const mapped = compileExpression(body!, { ...context, scope });
  const { slot } = scope.find(variable.name)!;
  const isFlat = name === 'optFlatMap';
  return {
    type: isFlat ? mapped.type : { kind: 'optional', item: mapped.type },
    cost: optional.cost + mapped.cost + COST.step,
    run(frame) {
      const { value } = asOptional(optional.run(frame));
      if (value === undefined) return new CelOptional(undefined);
      frame.slots[slot] = value;
      const result = mapped.run(frame);
      return isFlat ? result : new CelOptional(result);
    },
  };
}

function compileOr(name: 'or' | 'orValue', optional: Compiled, other: Compiled): Compiled {
  const item = optional.type.kind === 'optional' ? optional.type.item : DYN;
  const isValue = name === 'orValue';
  return {
    type: isValue ? joinTypes(item, other.type) : optional.type,
    cost: optional.cost + other.cost + COST.step,
    run(frame) {
      frame.budget.charge(COST.step);
      const held = asOptional(optional.run(frame));
      if (held.value === undefined) return other.run(frame);
      return isValue ? held.value : held;
    },
  };
}

function asOptional(value: CelValue): CelOptional {
  if (!(value instanceof CelOptional)) throw noSuchOverload();
  return value;
}
