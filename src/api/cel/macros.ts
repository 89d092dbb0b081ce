/** Calls that are no functions but forms: `has`, and the comprehensions of one and two variables. @see cel-go parser/macro.go, ext/comprehensions.go */
import type { CallExpr, Expr, FoldMacro } from './ast.ts';
import { compileErrorAt } from './cel-error.ts';

/** How many of the arguments are variables; the others are an optional filter and the body. */
interface FoldForm {
  variables: number;
  hasFilter: boolean;
  macro: FoldMacro;
}

function form(macro: FoldMacro, variables: number, hasFilter = false): FoldForm {
  return { macro, variables, hasFilter };
}

/** By name and number of arguments. */
const FORMS = new Map<string, FoldForm>([
  ['all/2', form('all', 1)],
  ['all/3', form('all', 2)],
  ['exists/2', form('exists', 1)],
  ['exists/3', form('exists', 2)],
  ['exists_one/2', form('exists_one', 1)],
  ['existsOne/2', form('exists_one', 1)],
  ['exists_one/3', form('exists_one', 2)],
  ['existsOne/3', form('exists_one', 2)],
  ['map/2', form('map', 1)],
  ['map/3', form('map', 1, true)],
  ['filter/2', form('filter', 1)],
  ['transformList/3', form('transformList', 2)],
  ['transformList/4', form('transformList', 2, true)],
  ['transformMap/3', form('transformMap', 2)],
  ['transformMap/4', form('transformMap', 2, true)],
  ['transformMapEntry/3', form('transformMapEntry', 2)],
  ['transformMapEntry/4', form('transformMapEntry', 2, true)],
]);

/** @param nameAt  where the called name stands */
export function expandMacro(source: string, call: CallExpr, nameAt: number): Expr {
  if (call.target === undefined) return call.name === 'has' ? expandHas(source, call) : call;
  const found = FORMS.get(`${call.name}/${call.args.length}`);
  return found === undefined ? call : expandFold(source, call, { ...found, nameAt });
}

function expandHas(source: string, { args, at }: CallExpr): Expr {
  const [arg] = args;
  if (args.length !== 1 || arg?.kind !== 'select' || arg.isTest) {
    throw compileErrorAt(source, arg?.at ?? at, 'invalid argument to has() macro');
  }
  return { ...arg, isTest: true, at };
}

function expandFold(
  source: string,
  { target, args }: CallExpr,
  { macro, variables, hasFilter, nameAt }: FoldForm & { nameAt: number },
): Expr {
  const names = args.slice(0, variables).map((arg) => {
    if (arg.kind !== 'ident') throw compileErrorAt(source, arg.at, 'argument must be a simple name');
    return arg.name;
  });
  if (names.length === 2 && names[0] === names[1]) {
    throw compileErrorAt(source, args[1]!.at, `duplicate variable name: ${names[0]}`);
  }
  return {
    kind: 'fold',
    macro,
    range: target!,
    variables: names,
    filter: hasFilter ? args[variables] : undefined,
    body: args.at(-1)!,
    at: nameAt,
  };
}
