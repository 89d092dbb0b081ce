/** What can be wrong with an expression: its text, one evaluation of it, or what it costs. */

/** The text is no expression, or not of the wanted types; the message is laid out as cel-go's. */
export class CelCompileError extends Error {}

/** An evaluation that has no value: `no such key: a`. `&&`, `||`, `all` and `exists` may absorb it. */
export class CelError extends Error {}

/** An evaluation that was stopped because it costs too much. Nothing absorbs it. */
export class CelCostError extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** @param at  index into `source`, in UTF-16 units */
export function compileErrorAt(source: string, at: number, message: string): CelCompileError {
  const before = source.slice(0, at);
  const line = before.split('\n').length;
  const column = Array.from(before.slice(before.lastIndexOf('\n') + 1)).length;
  const shown = source.split('\n')[line - 1] ?? '';
  const pointer = `${'.'.repeat(column)}^`;
  return new CelCompileError(`ERROR: <input>:${line}:${column + 1}: ${message}\n | ${shown}\n | ${pointer}`);
}
