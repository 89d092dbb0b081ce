/** Programs by image, found by any spelling of the image's name. One table serves every node of a cluster. */
import { normalizeImageReference } from '../container-runtime/image-reference.ts';
import type { RuntimeImage } from '../container-runtime/runtime.ts';
import type { SimulatedProgram } from './sim-program.ts';

export interface ProgramImage {
  program: SimulatedProgram;
  image: Readonly<RuntimeImage>;
}

/** Spellings whose normal form is kept; past this many the memory starts over. */
const SPELLINGS_MAX = 10_000;

export class ProgramTable {
  readonly #programs: Readonly<Record<string, SimulatedProgram>>;
  readonly #fallback: SimulatedProgram | undefined;
  readonly #normalized = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #images = new Map<string, ProgramImage>();

  /**
   * @param programs  by image reference, in any spelling. Read at each use: a test may add to it
   * @param fallback  of every image that is not listed; without it there are no others
   */
  constructor(programs: Readonly<Record<string, SimulatedProgram>>, fallback?: SimulatedProgram) {
    this.#programs = programs;
    this.#fallback = fallback;
  }

  /** The canonical name. @throws RuntimeError `InvalidImageName` */
  normalize(reference: string): string {
    const known = this.#normalized.get(reference);
    if (known !== undefined) return known;
    const name = normalizeImageReference(reference);
    if (this.#normalized.size >= SPELLINGS_MAX) this.#normalized.clear();
    this.#normalized.set(reference, name);
    return name;
  }

  /** @param name  canonical */
  find(name: string): ProgramImage | undefined {
    const program = this.#program(name);
    if (program === undefined) return undefined;
    const known = this.#images.get(name);
    if (known?.program === program) return known;
    const { sizeBytes = 1_000_000, user } = program;
    const image = { reference: name, id: `simulated://${name}`, sizeBytes };
    const found = { program, image: Object.freeze(user === undefined ? image : { ...image, user }) };
    this.#images.set(name, found);
    return found;
  }

  #program(name: string): SimulatedProgram | undefined {
    const key = this.#keys.get(name) ?? this.#findKey(name);
    return (key === undefined ? undefined : this.#programs[key]) ?? this.#fallback;
  }

  /** Looks for what was added since. */
  #findKey(name: string): string | undefined {
    for (const key of Object.keys(this.#programs)) {
      const normalized = this.normalize(key);
      if (!this.#keys.has(normalized)) this.#keys.set(normalized, key);
    }
    return this.#keys.get(name);
  }
}
