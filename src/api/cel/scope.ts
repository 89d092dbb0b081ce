/** The names that an expression sees: the environment's variables, and those of the comprehensions around it. */
import type { CelType } from './cel-type.ts';

export interface Variable {
  readonly type: CelType;
  readonly slot: number;
}

/** By all scopes of one expression. */
interface Shared {
  slots: number;
  readonly used: Set<string>;
}

export class Scope {
  readonly #parent: Scope | undefined;
  readonly #own: ReadonlyMap<string, Variable>;
  readonly #shared: Shared;

  private constructor(parent: Scope | undefined, own: ReadonlyMap<string, Variable>, shared: Shared) {
    this.#parent = parent;
    this.#own = own;
    this.#shared = shared;
  }

  /** Slots are given in the order of `variables`. */
  static root(variables: ReadonlyMap<string, CelType>): Scope {
    const own = new Map<string, Variable>();
    for (const [name, type] of variables) own.set(name, { type, slot: own.size });
    return new Scope(undefined, own, { slots: own.size, used: new Set() });
  }

  get slotCount(): number {
    return this.#shared.slots;
  }

  /** The environment's variables that have been found so far. */
  get used(): ReadonlySet<string> {
    return this.#shared.used;
  }

  find(name: string): Variable | undefined {
    const own = this.#own.get(name);
    if (this.#parent === undefined && own !== undefined) this.#shared.used.add(name);
    return own ?? this.#parent?.find(name);
  }

  /** A scope inside, with slots of its own for `variables`. */
  with(variables: readonly { name: string; type: CelType }[]): Scope {
    const own = new Map<string, Variable>();
    for (const { name, type } of variables) own.set(name, { type, slot: this.#shared.slots++ });
    return new Scope(this, own, this.#shared);
  }
}
