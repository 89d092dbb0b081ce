/**
 * How many seats a priority level would like to have, over time: what is in use and what is waited for. Pure.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/integrator.go
 */
export interface DemandReport {
  average: number;
  deviation: number;
  highWatermark: number;
}

export class SeatDemand {
  #value = 0;
  #sinceMs: number;
  #elapsed = 0;
  #sum = 0;
  #squares = 0;
  #max = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.#sync(nowMs);
    this.#value = value;
    if (value > this.#max) this.#max = value;
  }

  /** What has been since the last call; `undefined` when no time has passed. */
  take(nowMs: number): DemandReport | undefined {
    this.#sync(nowMs);
    const [elapsed, highWatermark] = [this.#elapsed, this.#max];
    if (elapsed <= 0) return undefined;
    const average = this.#sum / elapsed;
    const variance = Math.max(0, this.#squares / elapsed - average * average);
    this.#elapsed = 0;
    this.#sum = 0;
    this.#squares = 0;
    this.#max = this.#value;
    return { average, deviation: Math.sqrt(variance), highWatermark };
  }

  #sync(nowMs: number): void {
    const elapsed = nowMs - this.#sinceMs;
    if (elapsed <= 0) return;
    this.#sinceMs = nowMs;
    this.#elapsed += elapsed;
    this.#sum += this.#value * elapsed;
    this.#squares += this.#value * this.#value * elapsed;
  }
}
