/**
 * CEL, the Common Expression Language, as Kubernetes uses it: an environment of typed variables in which texts are compiled
 * once and evaluated often.
 *
 *     environment.compile('self.min <= self.max', BOOL) ─► program.evaluate([self], budget)
 *
 * @see cel-spec, doc/langdef.md; k8s.io/apiserver/pkg/cel/environment/base.go
 */
import type { CelBudget } from './budget.ts';
import { compileErrorAt } from './cel-error.ts';
import { type CelType, fits, showType } from './cel-type.ts';
import { type CompileContext, compileExpression, type StructType } from './compile-expression.ts';
import { STANDARD_FUNCTIONS } from './functions/standard.ts';
import type { Overload } from './overload.ts';
import { parseExpression } from './parser.ts';
import { Scope } from './scope.ts';
import type { CelValue } from './value.ts';

export interface CelProgram {
  readonly type: CelType;
  /** Units for inputs of the largest size. */
  readonly estimatedCost: number;
  /** Those of the environment that it looks at. */
  readonly variables: ReadonlySet<string>;
  /**
   * @param values  of the environment's variables, in its order; `undefined` for one that has none
   * @throws CelError for an evaluation without a value, CelCostError when `budget` is used up
   */
  evaluate(values: readonly (CelValue | undefined)[], budget: CelBudget): CelValue;
}

/** Functions by their names. */
export type CelLibrary = ReadonlyMap<string, readonly Overload[]>;
type CelStructs = ReadonlyMap<string, StructType>;

/** The standard functions and `extra`: made once, since compiling is short. */
export function newCelLibrary(extra: readonly Overload[]): CelLibrary {
  return Map.groupBy([...STANDARD_FUNCTIONS, ...extra], ({ name }) => name);
}

interface CelEnvironmentOptions {
  functions?: CelLibrary;
  structs?: CelStructs;
  /** Whether `cel.bind(name, value, body)` is known. */
  allowsBind?: boolean;
}

export class CelEnvironment {
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #functions: CelLibrary;
  readonly #structs: CelStructs;
  readonly #allowsBind: boolean;

  constructor(
    variables: Readonly<Record<string, CelType>>,
    { functions = STANDARD, structs = new Map(), allowsBind = false }: CelEnvironmentOptions = {},
  ) {
    this.#variables = new Map(Object.entries(variables));
    this.#functions = functions;
    this.#structs = structs;
    this.#allowsBind = allowsBind;
  }

  /** @throws CelCompileError when `source` is no expression of one of `results` */
  compile(source: string, ...results: readonly CelType[]): CelProgram {
    const expr = parseExpression(source);
    const scope = Scope.root(this.#variables);
    const context: CompileContext = {
      source,
      scope,
      functions: this.#functions,
      structs: this.#structs,
      allowsBind: this.#allowsBind,
    };
    const compiled = compileExpression(expr, context);
    if (results.length > 0 && !results.some((wanted) => fits(wanted, compiled.type, new Map()))) {
      const wanted = results.map(showType).join(' or ');
      throw compileErrorAt(source, expr.at, `expected ${wanted}, found ${showType(compiled.type)}`);
    }
    const { slotCount } = scope;
    return {
      type: compiled.type,
      estimatedCost: compiled.cost,
      variables: scope.used,
      evaluate(values, budget) {
        const slots: (CelValue | undefined)[] = Array.from({ length: slotCount });
        for (let index = 0; index < values.length; index++) slots[index] = values[index];
        return compiled.run({ slots, budget });
      },
    };
  }
}

const STANDARD = newCelLibrary([]);
