/**
 * Expressions that compiled when they were stored and no longer do may stay: an update is refused for what it brings.
 *
 * Upstream compiles them in an environment of their own, which knows what newer servers know; here there is one, so what is
 * asked is whether the stored one had the same fault.
 *
 * @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go preexistingExpressions
 */
import type { ExpressionProblem } from '../policies/compile-policy.ts';

/**
 * Those of `problems` that are not also what is stored.
 * @param stored  asked only when there are problems: it compiles all that is stored
 */
export function unstoredProblems(
  problems: readonly ExpressionProblem[],
  stored: () => readonly ExpressionProblem[],
): readonly ExpressionProblem[] {
  if (problems.length === 0) return problems;
  const known = new Set(stored().map(kindOf));
  return problems.filter((problem) => !known.has(kindOf(problem)));
}

/** The expression, and what for: where it stands in its lists may change. */
function kindOf({ field, expression }: ExpressionProblem): string {
  return `${field.replace(/\[\d+\]/g, '')} ${expression}`;
}
