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

/** Per character that is gone through. @see cel-go common/cost.go StringTraversalCostFactor */
export const TRAVERSAL = 0.1;
/** @see cel-go common/cost.go */
export const COST = { step: 1, list: 10, map: 30, struct: 40 } as const;
