/**
 * Clients outside of the process, who live in real time. Whatever they are sent they need a moment to answer, and virtual
 * time waits for that: else minutes would pass before a controller under test has read its first event.
 */
import type { ApiRequest, Transport, WatchFrame } from '../api/message.ts';
import type { OpenThing } from './open-things.ts';

/** Real time without a request and without an event sent, after which nobody is taken to be about to act. */
const QUIET_MS = 25;
/** A client that never rests does not hold time up for longer. */
const PATIENCE_MS = 500;

export class OutsideClients {
  readonly #waiting: (thing: OpenThing) => () => void;
  #streams = 0;
  #requests = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @param waiting  a client reads a stream; the returned function says that something has come */
  constructor(waiting: (thing: OpenThing) => () => void) {
    this.#waiting = waiting;
  }

  /** Somebody may act upon what happens: time must go step by step. */
  get arePresent(): boolean {
    return this.#streams + this.#requests > 0 || this.#isBusy();
  }

  /** Resolves when nobody seems to be about to act. */
  async rest(): Promise<void> {
    const sinceMs = performance.now();
    while (this.#isBusy() && performance.now() - sinceMs < PATIENCE_MS) {
      const leftMs = this.#lastMs + QUIET_MS - performance.now();
      await new Promise((resolve) => setTimeout(resolve, leftMs));
    }
  }

  /** A transport that knows of what goes through it. */
  watchOver(transport: Transport): Transport {
    return {
      send: async (request, signal) => {
        this.#requests++;
        const response = await transport.send(request, signal).finally(() => {
          this.#requests--;
          this.#act();
        });
        if (response.body.kind !== 'watch') return response;
        const frames = this.#watched(response.body.frames, describe(request));
        return { ...response, body: { kind: 'watch', frames } };
      },
    };
  }

  async *#watched(
    frames: AsyncIterable<readonly WatchFrame[]>,
    what: string,
  ): AsyncGenerator<readonly WatchFrame[]> {
    const source = frames[Symbol.asyncIterator]();
    this.#streams++;
    try {
      for (;;) {
        const arrived = this.#waiting({ what, site: '' });
        const { done, value } = await source.next().finally(arrived);
        if (done) return;
        this.#act();
        yield value;
      }
    } finally {
      this.#streams--;
      await source.return?.();
    }
  }

  #act(): void {
    this.#lastMs = performance.now();
  }

  /** One who waits for an answer does nothing: time may pass to bring it. */
  #isBusy(): boolean {
    return this.#requests === 0 && performance.now() - this.#lastMs < QUIET_MS;
  }
}

/** `a watch of /api/v1/pods by kubectl/v1.34.0`. */
function describe({ path, headers }: ApiRequest): string {
  const [agent = 'an unknown client'] = (headers['user-agent'] ?? '')
    .split(' ')
    .filter((word) => word !== '');
  return `a watch of ${path} by ${agent}`;
}
