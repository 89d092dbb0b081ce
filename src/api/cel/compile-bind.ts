/** Compiles `cel.bind(name, value, body)`: the body sees the value, which is computed once. @see cel-go ext/bindings.go */
import type { CallExpr } from './ast.ts';
import { compileErrorAt } from './cel-error.ts';
import { type CompileContext, compileExpression } from './compile-expression.ts';
import type { Compiled } from './compiled.ts';

export function isBind({ name, target, args }: CallExpr): boolean {
  return name === 'bind' && args.length === 3 && target?.kind === 'ident' && target.name === 'cel';
}

export function compileBind({ args, at }: CallExpr, context: CompileContext): Compiled {
  const [name, value, body] = args as [CallExpr['args'][0], CallExpr['args'][0], CallExpr['args'][0]];
  if (name.kind !== 'ident') {
    throw compileErrorAt(context.source, at, 'cel.bind() variable names must be simple identifiers');
  }
  const bound = compileExpression(value, context);
  const scope = context.scope.with([{ name: name.name, type: bound.type }]);
  const { slot } = scope.find(name.name)!;
  const inner = compileExpression(body, { ...context, scope });
  return {
    type: inner.type,
    cost: bound.cost + inner.cost,
    run(frame) {
      frame.slots[slot] = bound.run(frame);
      return inner.run(frame);
    },
  };
}
