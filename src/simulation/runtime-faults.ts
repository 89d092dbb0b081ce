/** What is wrong with a simulated runtime right now, and the gate that every call of it goes through. */
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { type ContainerRuntime, RuntimeError } from '../container-runtime/runtime.ts';

/** The verbs that can be made to fail one by one. */
export type RuntimeVerb = Exclude<keyof ContainerRuntime, 'events' | 'readLog'>;

export interface Latency {
  min: number;
  max: number;
}

export class RuntimeFaults {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #next = new Map<RuntimeVerb, Error[]>();
  readonly #pulls = new Map<string, RuntimeError>();
  /** Why every call is refused; absent when none is. */
  downReason: string | undefined;
  isOff = false;
  isFrozen = false;
  latencyMs: Latency | undefined;

  constructor({ clock, latencyMs, random }: { clock: Clock; random: Random; latencyMs?: Latency }) {
    this.#clock = clock;
    this.#random = random;
    this.latencyMs = latencyMs;
  }

  failNext(verb: RuntimeVerb, error: Error): void {
    this.#next.set(verb, [...(this.#next.get(verb) ?? []), error]);
  }

  /** @param image  canonical; `''` for all. @param error  `undefined`: they work again */
  failPulls(image: string, error: RuntimeError | undefined): void {
    if (error === undefined) this.#pulls.delete(image);
    else this.#pulls.set(image, error);
  }

  pullError(image: string): RuntimeError | undefined {
    return this.#pulls.get(image) ?? this.#pulls.get('');
  }

  get unavailable(): string | undefined {
    return this.isOff ? 'the machine is off' : this.downReason;
  }

  /** Takes the time that a call takes, and fails where it shall. */
  async enter(verb: RuntimeVerb, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { latencyMs } = this;
    if (latencyMs !== undefined) {
      const spreadMs = this.#random.next() * (latencyMs.max - latencyMs.min);
      await this.#clock.sleep(latencyMs.min + spreadMs, signal);
    }
    const { unavailable } = this;
    if (unavailable !== undefined) throw new RuntimeError('Unavailable', unavailable);
    const fault = this.#next.get(verb)?.shift();
    if (fault !== undefined) throw fault;
  }
}
