/** How many of something there were at once in the last whole second: what looks now and then would not see. Pure. */
export class InflightPeak {
  #current = 0;
  /** The second that runs, the most in it so far, and the most in the second before. */
  #second = 0;
  #peak = 0;
  #last = 0;

  add(change: 1 | -1, nowMs: number): void {
    this.#follow(nowMs);
    this.#current += change;
    if (this.#current > this.#peak) this.#peak = this.#current;
  }

  ofLastSecond(nowMs: number): number {
    this.#follow(nowMs);
    return this.#last;
  }

  #follow(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second <= this.#second) return;
    this.#last = second === this.#second + 1 ? this.#peak : this.#current;
    this.#second = second;
    this.#peak = this.#current;
  }
}
