/** Entries of a run of any length in bounded memory: the first ones, how it began, and the last ones, how it ended. */
import type { TimelineEntry } from './timeline-entry.ts';

export class EntryRing {
  readonly #firstMax: number;
  readonly #lastMax: number;
  readonly #first: TimelineEntry[] = [];
  /** A ring: once full, `#next` is its oldest entry. */
  readonly #last: TimelineEntry[] = [];
  #next = 0;
  #leftOut = 0;

  constructor(firstMax: number, lastMax: number) {
    this.#firstMax = firstMax;
    this.#lastMax = lastMax;
  }

  push(entry: TimelineEntry): void {
    if (this.#first.length < this.#firstMax) {
      this.#first.push(entry);
    } else if (this.#last.length < this.#lastMax) {
      this.#last.push(entry);
    } else {
      this.#leftOut++;
      this.#last[this.#next] = entry;
      this.#next = (this.#next + 1) % this.#lastMax;
    }
  }

  /** In order; where some are left out, an entry of kind `gap` says how many. */
  entries(): TimelineEntry[] {
    const last = [...this.#last.slice(this.#next), ...this.#last.slice(0, this.#next)];
    if (this.#leftOut === 0) return [...this.#first, ...last];
    const gap: TimelineEntry = {
      atMs: this.#first.at(-1)?.atMs ?? 0,
      kind: 'gap',
      who: 'timeline',
      what: 'left-out',
      text: `${this.#leftOut} entries are left out here`,
    };
    return [...this.#first, gap, ...last];
  }
}
