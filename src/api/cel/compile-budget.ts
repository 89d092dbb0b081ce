/**
 * How much text the expressions of one object may have: each is compiled several times on the way in, and again by whoever
 * evaluates it. The longest policies that people publish have 20 KB; upstream bounds an object's bytes alone.
 */

/** In characters, of which each expression costs {@link EXPRESSION_BASE} more. One costs half a microsecond. */
const TEXT_MAX = 128 * 1024;
const EXPRESSION_BASE = 64;

export const TOO_MUCH_TEXT = 'expressions are too long together';

export class CompileBudget {
  #left: number;

  constructor(textMax = TEXT_MAX) {
    this.#left = textMax;
  }

  /** Whether `expression` may still be compiled; once one may not, none may. */
  take(expression: string): boolean {
    if (this.#left >= 0) this.#left -= expression.length + EXPRESSION_BASE;
    return this.#left >= 0;
  }
}
