/** What compiling an expression yields: its type, how to evaluate it, and what that costs at most. */
import type { CelBudget } from './budget.ts';
import type { CelType } from './cel-type.ts';
import type { CelValue } from './value.ts';

export interface Compiled {
  readonly type: CelType;
  /** Units, for inputs of the largest size; may be Infinity. */
  readonly cost: number;
  run(frame: Frame): CelValue;
}

/** One evaluation under way. */
export interface Frame {
  /** By the slot that a variable got at compile time. */
  readonly slots: (CelValue | undefined)[];
  readonly budget: CelBudget;
}
