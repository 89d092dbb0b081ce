/** The names that an expression sees: the environment's variables, and those of the comprehensions around it. */
import type { CelType } from './cel-type.ts';

export interface Variable {
  readonly type: CelType;
  readonly slot: number;
}

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #own: ReadonlyMap<string, Variable>;
  readonly #counter: { slots: number };

  private constructor(
    parent: Scope | undefined,
    own: ReadonlyMap<string, Variable>,
    counter: { slots: number },
  ) {
    this.#parent = parent;
    this.#own = own;
    this.#counter = counter;
  }

  /** Slots are given in the order of `variables`. */
  static root(variables: ReadonlyMap<string, CelType>): Scope {
    const own = new Map<string, Variable>();
    for (const [name, type] of variables) own.set(name, { type, slot: own.size });
    return new Scope(undefined, own, { slots: own.size });
  }

  get slotCount(): number {
    return this.#counter.slots;
  }

  find(name: string): Variable | undefined {
    return this.#own.get(name) ?? this.#parent?.find(name);
  }

  /** A scope inside, with slots of its own for `variables`. */
  with(variables: readonly { name: string; type: CelType }[]): Scope {
    const own = new Map<string, Variable>();
    for (const { name, type } of variables) own.set(name, { type, slot: this.#counter.slots++ });
    return new Scope(this, own, this.#counter);
  }
}
