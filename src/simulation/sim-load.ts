/** The requests of one container: how many are in flight, how many came, and how far that is above what it can stand. */
import type { SimulatedCapacity } from './sim-program.ts';

export class RequestLoad {
  #inFlight = 0;
  #total = 0;
  #second = 0;
  #inSecond = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  get total(): number {
    return this.#total;
  }

  /** @returns how many requests this one is above the capacity; 0 within it */
  begin(atMs: number, capacity: SimulatedCapacity | undefined): number {
    const second = Math.floor(atMs / 1000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    this.#inSecond++;
    this.#inFlight++;
    this.#total++;
    if (capacity === undefined) return 0;
    const { inFlight = Number.POSITIVE_INFINITY, perSecond = Number.POSITIVE_INFINITY } = capacity;
    return Math.max(0, this.#inFlight - inFlight, this.#inSecond - perSecond);
  }

  end(): void {
    this.#inFlight--;
  }
}
