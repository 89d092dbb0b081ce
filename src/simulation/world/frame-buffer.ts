/** What has arrived of a watch and is not read yet. One reader. */
import type { WatchFrame } from '../../api/message.ts';
import { type Deferred, newDeferred } from '../../base/deferred.ts';

type Frames = readonly WatchFrame[];

export class FrameBuffer implements AsyncIterable<Frames> {
  #batches: Frames[] = [];
  #end: { error?: unknown } | undefined;
  #reader: Deferred<void> | undefined;
  readonly #onReturn: () => void;

  /** @param onReturn  the reader has stopped, or has come to the end */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  push(batch: Frames): void {
    if (this.#end !== undefined) return;
    this.#batches.push(batch);
    this.#reader?.resolve();
  }

  /** No more will come. */
  finish(): void {
    this.#end ??= {};
    this.#reader?.resolve();
  }

  /** What has not been read is lost. */
  fail(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#batches = [];
    this.#end = { error };
    this.#reader?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frames> {
    try {
      for (;;) {
        const batch = this.#batches.shift();
        if (batch !== undefined) {
          yield batch;
          continue;
        }
        if (this.#end !== undefined) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        }
        this.#reader = newDeferred();
        await this.#reader.promise;
      }
    } finally {
      this.#onReturn();
    }
  }
}
