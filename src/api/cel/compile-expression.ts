/** Compiles an expression: in one pass it is given its type, its estimated cost, and a function that evaluates it. */
import type { Expr, IdentExpr, ListExpr, LogicExpr, MapExpr, SelectExpr, StructExpr } from './ast.ts';
import { COST } from './budget.ts';
import { CelCostError, CelError, compileErrorAt } from './cel-error.ts';
import { BOOL, type CelType, DYN, joinTypes, type ObjectType, showType, UNKNOWN } from './cel-type.ts';
import { compileCall } from './compile-call.ts';
import { compileFold } from './compile-fold.ts';
import type { Compiled, Frame } from './compiled.ts';
import type { Overload } from './overload.ts';
import { qualifiedName } from './parser.ts';
import type { Scope } from './scope.ts';
import { CelMap, CelOptional, CelTypeValue, type CelValue, LiteralMap, runtimeTypeName } from './value.ts';

export interface CompileContext {
  readonly source: string;
  readonly scope: Scope;
  readonly functions: ReadonlyMap<string, readonly Overload[]>;
  /** The types that may be constructed: `Object{…}`. */
  readonly structs: ReadonlyMap<string, StructType>;
  readonly allowsBind: boolean;
  /** Within the arguments of `format`, where literals may hold values of several types. */
  readonly allowsMixed?: boolean;
}

export interface StructType {
  readonly type: CelType;
  /** The type of a field; `undefined` when there is none. */
  field(name: string): CelType | undefined;
  construct(fields: readonly { name: string; value: CelValue }[]): CelValue;
}

export function compileExpression(expr: Expr, context: CompileContext): Compiled {
  switch (expr.kind) {
    case 'literal':
      return compileLiteral(expr.value);
    case 'ident':
      return compileIdent(expr, context);
    case 'select':
      return compileSelect(expr, context);
    case 'call':
      return compileCall(expr, context);
    case 'logic':
      return compileLogic(expr, context);
    case 'list':
      return compileList(expr, context);
    case 'map':
      return compileMap(expr, context);
    case 'struct':
      return compileStruct(expr, context);
    case 'fold':
      return compileFold(expr, context);
  }
}

const LITERAL_TYPES: Readonly<Record<string, CelType>> = {
  null_type: { kind: 'null' },
  bool: BOOL,
  int: { kind: 'int' },
  uint: { kind: 'uint' },
  double: { kind: 'double' },
};

function compileLiteral(value: CelValue): Compiled {
  const run = () => value;
  if (typeof value === 'string') return { type: { kind: 'string', max: value.length }, cost: 0, run };
  if (value instanceof Uint8Array) return { type: { kind: 'bytes', max: value.length }, cost: 0, run };
  return { type: LITERAL_TYPES[runtimeTypeName(value)]!, cost: 0, run };
}

/** Names of types are values: `type(x) == int`. */
const TYPE_NAMES = new Map(
  [
    'bool',
    'bytes',
    'double',
    'int',
    'list',
    'map',
    'null_type',
    'string',
    'type',
    'uint',
    'google.protobuf.Timestamp',
    'google.protobuf.Duration',
    'net.IP',
    'net.CIDR',
    'kubernetes.Quantity',
    'kubernetes.URL',
    'kubernetes.Semver',
    'kubernetes.Image',
    'kubernetes.NamedFormat',
  ].map((name) => [name, new CelTypeValue(name)]),
);

function compileTypeName(name: string): Compiled | undefined {
  const value = TYPE_NAMES.get(name);
  return value && { type: { kind: 'type' }, cost: COST.step, run: () => value };
}

function compileIdent({ name, at }: IdentExpr, { scope, source }: CompileContext): Compiled {
  const variable = scope.find(name);
  if (variable === undefined) {
    const type = compileTypeName(name);
    if (type !== undefined) return type;
    throw compileErrorAt(source, at, `undeclared reference to '${name}' (in container '')`);
  }
  const { slot, type } = variable;
  return {
    type,
    cost: COST.step,
    run({ slots, budget }) {
      budget.charge(COST.step);
      const value = slots[slot];
      if (value === undefined) throw new CelError(`no such attribute(s): ${name}`);
      return value;
    },
  };
}

function compileSelect(expr: SelectExpr, context: CompileContext): Compiled {
  const named = qualifiedName(expr);
  if (named !== undefined && !expr.isTest && context.scope.find(named) !== undefined) {
    return compileIdent({ kind: 'ident', name: named, at: expr.at }, context);
  }
  const root = named?.slice(0, named.indexOf('.'));
  if (root !== undefined && context.scope.find(root) === undefined) {
    const type = compileTypeName(named!);
    if (type !== undefined) return type;
  }
  const operand = compileExpression(expr.operand, context);
  const isOptional = expr.isOptional || operand.type.kind === 'optional';
  const inner = operand.type.kind === 'optional' ? operand.type.item : operand.type;
  const type = fieldType(expr, inner, context);
  const cost = operand.cost + COST.step;
  const { field } = expr;
  if (expr.isTest)
    return { type: BOOL, cost: operand.cost, run: (frame) => hasField(operand.run(frame), field) };
  if (isOptional) {
    return {
      type: { kind: 'optional', item: type },
      cost,
      run: (frame) => selectOptional(operand.run(frame), field),
    };
  }
  return {
    type,
    cost,
    run(frame) {
      frame.budget.charge(COST.step);
      return selectField(operand.run(frame), field);
    },
  };
}

function fieldType({ field, at }: SelectExpr, type: CelType, { source }: CompileContext): CelType {
  if (type.kind === 'dyn') return DYN;
  if (type.kind === 'map') return type.value;
  if (type.kind !== 'object') {
    throw compileErrorAt(source, at, `type '${showType(type)}' does not support field selection`);
  }
  const found = (type as ObjectType).field(field);
  if (found === undefined) throw compileErrorAt(source, at, `undefined field '${field}'`);
  return found;
}

function selectField(operand: CelValue, field: string): CelValue {
  if (!(operand instanceof CelMap)) throw noSuchOverload();
  const value = operand.get(field);
  if (value === undefined) throw new CelError(`no such key: ${field}`);
  return value;
}

function hasField(operand: CelValue, field: string): boolean {
  if (operand instanceof CelOptional) return operand.value !== undefined && hasField(operand.value, field);
  if (!(operand instanceof CelMap)) throw noSuchOverload();
  return operand.get(field) !== undefined;
}

/** Of a value, or of an optional that may hold none. */
export function selectOptional(operand: CelValue, key: CelValue): CelOptional {
  const held = operand instanceof CelOptional ? operand.value : operand;
  if (held === undefined) return new CelOptional(undefined);
  if (Array.isArray(held)) {
    return new CelOptional(typeof key === 'bigint' ? (held as CelValue[])[Number(key)] : undefined);
  }
  if (!(held instanceof CelMap)) throw noSuchOverload();
  return new CelOptional(held.get(key));
}

export function noSuchOverload(): CelError {
  return new CelError('no such overload');
}

/** One term that decides outweighs the errors of others. @see cel-spec, doc/langdef.md, "Logical Operators" */
function compileLogic({ operator, terms, at }: LogicExpr, context: CompileContext): Compiled {
  const compiled = terms.map((term) => compileExpression(term, context));
  for (const { type } of compiled) {
    if (type.kind === 'bool' || type.kind === 'dyn' || type.kind === 'param') continue;
    const applied = compiled.map((term) => showType(term.type)).join(', ');
    throw compileErrorAt(
      context.source,
      at,
      `found no matching overload for '${operator}' applied to '(${applied})'`,
    );
  }
  const deciding = operator === '_||_';
  const cost = compiled.reduce((sum, term) => sum + term.cost, 0);
  return { type: BOOL, cost, run: (frame) => runLogic(compiled, deciding, frame) };
}

function runLogic(terms: readonly Compiled[], deciding: boolean, frame: Frame): boolean {
  let failure: CelError | undefined;
  for (const term of terms) {
    const value = attempt(() => term.run(frame));
    if (value === deciding) return deciding;
    if (value instanceof CelError) failure ??= value;
    else if (typeof value !== 'boolean') failure ??= noSuchOverload();
  }
  if (failure !== undefined) throw failure;
  return !deciding;
}

/** An error of evaluation as a value: what the language itself may absorb. */
export function attempt(run: () => CelValue): CelValue | CelError {
  try {
    return run();
  } catch (error) {
    if (error instanceof CelError && !(error instanceof CelCostError)) return error;
    throw error;
  }
}

function compileList({ items }: ListExpr, context: CompileContext): Compiled {
  const compiled = items.map(({ value, isOptional }) => ({
    ...compileExpression(value, context),
    isOptional,
  }));
  const types = compiled.map(({ type, isOptional }) => unwrapped(type, isOptional));
  checkUniform(
    types,
    items.map(({ value }) => value),
    context,
  );
  const item = types.length === 0 ? UNKNOWN : types.reduce(joinTypes);
  return {
    type: { kind: 'list', item, max: items.length },
    cost: compiled.reduce<number>((sum, { cost }) => sum + cost, COST.list),
    run(frame) {
      frame.budget.charge(COST.list);
      const values: CelValue[] = [];
      for (const entry of compiled) {
        const value = present(entry.run(frame), entry.isOptional);
        if (value !== undefined) values.push(value);
      }
      return values;
    },
  };
}

function unwrapped(type: CelType, isOptional: boolean): CelType {
  return isOptional && type.kind === 'optional' ? type.item : isOptional ? DYN : type;
}

/** `undefined` for what an optional entry leaves out. */
function present(value: CelValue, isOptional: boolean): CelValue | undefined {
  if (!isOptional) return value;
  if (!(value instanceof CelOptional)) throw noSuchOverload();
  return value.value;
}

const SCALARS: ReadonlySet<CelType['kind']> = new Set<CelType['kind']>([
  'bool',
  'bytes',
  'double',
  'duration',
  'int',
  'string',
  'timestamp',
  'uint',
]);

/** Literals hold values of one type. @see cel-go cel/validator.go ValidateHomogeneousAggregateLiterals */
function checkUniform(types: readonly CelType[], exprs: readonly Expr[], context: CompileContext): void {
  const first = types.find(({ kind }) => SCALARS.has(kind));
  if (first === undefined || context.allowsMixed) return;
  const other = types.findIndex(({ kind }) => SCALARS.has(kind) && kind !== first.kind);
  if (other < 0) return;
  const problem = `expected type '${showType(first)}' but found '${showType(types[other]!)}'`;
  throw compileErrorAt(context.source, exprs[other]!.at, problem);
}

function compileMap({ entries }: MapExpr, context: CompileContext): Compiled {
  const compiled = entries.map(({ key, value, isOptional }) => ({
    key: compileExpression(key, context),
    value: compileExpression(value, context),
    isOptional,
  }));
  const keys = compiled.map(({ key }) => key.type);
  const values = compiled.map(({ value, isOptional }) => unwrapped(value.type, isOptional));
  checkUniform(
    keys,
    entries.map(({ key }) => key),
    context,
  );
  checkUniform(
    values,
    entries.map(({ value }) => value),
    context,
  );
  const joined = (types: CelType[]): CelType => (types.length === 0 ? UNKNOWN : types.reduce(joinTypes));
  return {
    type: { kind: 'map', key: joined(keys), value: joined(values), max: entries.length },
    cost: compiled.reduce<number>((sum, { key, value }) => sum + key.cost + value.cost, COST.map),
    run(frame) {
      frame.budget.charge(COST.map);
      const map = new LiteralMap();
      for (const entry of compiled) {
        const key = entry.key.run(frame);
        const value = present(entry.value.run(frame), entry.isOptional);
        if (value !== undefined) map.add(key, value);
      }
      return map;
    },
  };
}

function compileStruct({ name, fields, at }: StructExpr, context: CompileContext): Compiled {
  const struct = context.structs.get(name) ?? nestedStruct(name, context);
  if (struct === undefined) {
    throw compileErrorAt(context.source, at, `undeclared reference to '${name}' (in container '')`);
  }
  const compiled = fields.map((field) => {
    if (struct.field(field.name) === undefined) {
      throw compileErrorAt(context.source, field.value.at, `undefined field '${field.name}'`);
    }
    return {
      name: field.name,
      isOptional: field.isOptional,
      ...compileExpression(field.value, context),
    };
  });
  return {
    type: struct.type,
    cost: compiled.reduce<number>((sum, { cost }) => sum + cost, COST.struct),
    run(frame) {
      frame.budget.charge(COST.struct);
      const values: { name: string; value: CelValue }[] = [];
      for (const entry of compiled) {
        const value = present(entry.run(frame), entry.isOptional);
        if (value !== undefined) values.push({ name: entry.name, value });
      }
      return struct.construct(values);
    },
  };
}

/** `Object.spec` is a part of `Object`, and constructed as it is. */
function nestedStruct(name: string, { structs }: CompileContext): StructType | undefined {
  const root = name.split('.', 1)[0]!;
  return name === root ? undefined : structs.get(`${root}.*`);
}
