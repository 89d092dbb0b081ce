/** A container's log in memory. Past {@link LINES_MAX} lines the oldest go, as a log file's rotation makes them go. */
import type { LogRecord } from '../container-runtime/runtime.ts';

const LINES_MAX = 10_000;
/** How many go at once. */
const LINES_DROPPED = 1_000;

export class SimLog {
  #records: LogRecord[] = [];
  /** Index, over the container's whole life, of the first line that is kept. */
  #first = 0;
  readonly #waiters = new Set<() => void>();

  get first(): number {
    return this.#first;
  }

  /** One past the last line. */
  get end(): number {
    return this.#first + this.#records.length;
  }

  at(index: number): LogRecord | undefined {
    return this.#records[index - this.#first];
  }

  push(wallMs: number, stream: LogRecord['stream'], text: string): void {
    if (this.#records.length >= LINES_MAX) {
      this.#records = this.#records.slice(LINES_DROPPED);
      this.#first += LINES_DROPPED;
    }
    const timestamp = new Date(wallMs).toISOString().replace('Z', '000000Z');
    this.#records.push({ timestamp, stream, line: new TextEncoder().encode(text) });
    this.wakeReaders();
  }

  wakeReaders(): void {
    for (const wake of this.#waiters) wake();
  }

  /** Resolves when there may be more, when no more will come, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
