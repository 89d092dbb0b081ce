/** What an evaluation may still cost: a unit is about one step, or ten characters that are gone through. */
import { CelCostError } from './cel-error.ts';

export class CelBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** @throws CelCostError when it is used up */
  charge(units: number): void {
    this.#used += units;
    if (this.#used > this.#limit) throw new CelCostError();
  }
}

/** @see apiserver/pkg/apis/cel/config.go */
export const CEL_LIMITS = {
  /** One evaluation of one expression. */
  perCall: 1_000_000,
  /** All expressions of one request: of a custom object's validation, or of a policy and binding. */
  perRequest: 10_000_000,
  /** The estimate for one rule of a definition. */
  estimatedRule: 10_000_000,
  /** The estimate for all rules of a version. */
  estimatedSchema: 100_000_000,
  messageExpressionLength: 5 * 1024,
} as const;

/** Per character that is gone through. @see cel-go common/cost.go StringTraversalCostFactor */
export const TRAVERSAL = 0.1;
/** @see cel-go common/cost.go */
export const COST = { step: 1, list: 10, map: 30, struct: 40 } as const;
