/**
 * The size of a container's own terminal. Its master belongs to the container's first process (`script`); the size is set
 * through the standard input of that one's child, which is the program. The newest size wins.
 */
import { execFile } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import { childrenOf, isAlive, type ProcessIdentity } from './process-table.ts';

interface Size {
  columns: number;
  rows: number;
}

const RETRY_MS = 20;
/** From the container's start to its terminal's. */
const ATTEMPTS_MAX = 100;

export class TerminalSize {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #wanted: Size | undefined;
  #isAtWork = false;

  /** @param signal  ends what is still being tried */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Sets the size in its own time; `init` is the container's first process. */
  set(init: ProcessIdentity, size: Size): void {
    this.#wanted = size;
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    void this.#work(init)
      .catch(() => {}) // only by the signal
      .finally(() => {
        this.#isAtWork = false;
      });
  }

  async #work(init: ProcessIdentity): Promise<void> {
    for (let attempts = 0; this.#wanted !== undefined && attempts < ATTEMPTS_MAX; attempts++) {
      const size = this.#wanted;
      if (!isAlive(init)) return;
      const isSet = await applySize(init.pid, size);
      if (isSet && this.#wanted === size) this.#wanted = undefined;
      else await this.#clock.sleep(RETRY_MS, this.#signal);
    }
  }
}

/** False while the program has no terminal yet. */
async function applySize(initPid: number, { columns, rows }: Size): Promise<boolean> {
  for (const pid of childrenOf(initPid)) {
    const args = ['-F', `/proc/${pid}/fd/0`, 'rows', `${rows}`, 'cols', `${columns}`];
    if (await new Promise<boolean>((resolve) => execFile('stty', args, (error) => resolve(error === null))))
      return true;
  }
  return false;
}
