/**
 * What tests with random input share: which seeds they try.
 *
 * A run is fixed by its seed, which stands in its failure. `FUZZ_SEED=7` tries that seed alone; `FUZZ_SECONDS=600` goes
 * on with new seeds for that long, from `FUZZ_FROM` on where that is set.
 */

/** Floats in [0, 1), fixed by a seed. */
export type Stream = () => number;

export interface Seeds {
  /** How many are tried when nobody says otherwise. */
  count: number;
  run: (next: Stream, seed: number) => Promise<void> | void;
}

/** @throws Error that names the seed which failed */
export async function forEachSeed({ count, run }: Seeds): Promise<void> {
  const only = process.env['FUZZ_SEED'];
  const endMs = performance.now() + 1000 * Number(process.env['FUZZ_SECONDS'] ?? 0);
  const first = Number(only ?? process.env['FUZZ_FROM'] ?? 1);
  const isLast = (seed: number) => only !== undefined || (seed >= count && performance.now() > endMs);
  for (let seed = first; ; seed++) {
    try {
      await run(newStream(seed), seed);
    } catch (error) {
      throw new Error(`FUZZ_SEED=${seed} fails: ${(error as Error).message}`, { cause: error });
    }
    if (isLast(seed)) return;
  }
}

/** Mulberry32. */
function newStream(seed: number): Stream {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(next: Stream, choices: readonly T[]): T {
  return choices[Math.floor(next() * choices.length)]!;
}
