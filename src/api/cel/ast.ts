/** A parsed expression. Operators are calls, named as cel-go names them: `_==_`. */
import type { CelValue } from './value.ts';

interface Place {
  /** Index into the source. */
  readonly at: number;
}

export type Expr =
  | LiteralExpr
  | IdentExpr
  | SelectExpr
  | CallExpr
  | LogicExpr
  | ListExpr
  | MapExpr
  | StructExpr
  | FoldExpr;

export interface LiteralExpr extends Place {
  kind: 'literal';
  value: CelValue;
}

export interface IdentExpr extends Place {
  kind: 'ident';
  name: string;
}

/** `a.b`, `a.?b`, or with `isTest` `has(a.b)`. */
export interface SelectExpr extends Place {
  kind: 'select';
  operand: Expr;
  field: string;
  isTest: boolean;
  isOptional: boolean;
}

export interface CallExpr extends Place {
  kind: 'call';
  name: string;
  target: Expr | undefined;
  args: readonly Expr[];
}

/** A chain of one operator, however long, is one node: its depth is one. */
export interface LogicExpr extends Place {
  kind: 'logic';
  operator: '_&&_' | '_||_';
  terms: readonly Expr[];
}

export interface ListExpr extends Place {
  kind: 'list';
  items: readonly { value: Expr; isOptional: boolean }[];
}

export interface MapExpr extends Place {
  kind: 'map';
  entries: readonly { key: Expr; value: Expr; isOptional: boolean }[];
}

/** `Object.spec{replicas: 3}` */
export interface StructExpr extends Place {
  kind: 'struct';
  name: string;
  fields: readonly { name: string; value: Expr; isOptional: boolean }[];
}

export type FoldMacro =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'map'
  | 'filter'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry';

/** A comprehension: `range.macro(variable, filter?, body)`. */
export interface FoldExpr extends Place {
  kind: 'fold';
  macro: FoldMacro;
  range: Expr;
  /** One for elements or keys; two for index and element, or key and value. */
  variables: readonly string[];
  filter: Expr | undefined;
  body: Expr;
}
