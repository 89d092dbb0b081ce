/**
 * The events of one watch, one at a time, from whatever the transport brings: in process the server's own frames, over HTTPS
 * lines of JSON. An iterator written by hand, for the reason that `apiserver/registry/watch-stream.ts` gives.
 */
import type { ApiResponse, ResponseBody } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import type { WatchEvent } from './api-client.ts';
import { splitLines } from './json-lines.ts';
import { parseText, readChunks, toStatusError } from './response-body.ts';

/** As it comes; the server's frames are such too. */
interface WireEvent {
  readonly type: string;
  readonly object: unknown;
}

type Batches = AsyncIterator<readonly WireEvent[], unknown>;
type Result<T> = IteratorResult<WatchEvent<T>, undefined>;

const NONE: readonly WireEvent[] = [];
const OVER = { done: true, value: undefined } as const;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export class WatchEvents<T> implements AsyncIterableIterator<WatchEvent<T>, undefined> {
  readonly #signal: AbortSignal;
  #open: (() => Promise<ApiResponse>) | undefined;
  #batches: Batches | undefined;
  #batch = NONE;
  #position = 0;
  #isOver = false;

  /** @param open  asked when the first event is */
  constructor(open: () => Promise<ApiResponse>, signal: AbortSignal) {
    this.#open = open;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * One reader at a time.
   * @throws StatusError what an `ERROR` event carries; `signal.reason` once it aborts
   */
  async next(): Promise<Result<T>> {
    while (!this.#isOver) {
      const event = this.#batch[this.#position++];
      if (event !== undefined) {
        const error: unknown = this.#signal.aborted ? this.#signal.reason : errorOf(event);
        if (error === undefined) return { done: false, value: toWatchEvent(event) };
        await this.return();
        throw error;
      }
      // Read to the end: nothing of it is held while the next one is awaited.
      this.#batch = NONE;
      this.#position = 0;
      this.#batches ??= await this.#opened();
      const { done, value } = await this.#batches.next();
      if (done !== true) this.#batch = value;
      else {
        this.#isOver = true;
        this.#signal.throwIfAborted();
      }
    }
    return OVER;
  }

  async return(): Promise<Result<T>> {
    this.#isOver = true;
    await this.#batches?.return?.();
    return OVER;
  }

  async #opened(): Promise<Batches> {
    const { body } = await this.#open!();
    this.#open = undefined;
    return body.kind === 'watch' ? body.frames[Symbol.asyncIterator]() : parsedLines(body);
  }
}

async function* parsedLines(body: ResponseBody): AsyncGenerator<WireEvent[]> {
  for await (const lines of splitLines(readChunks(body))) {
    yield lines.map(toWireEvent);
  }
}

/** Who is asked may be an extension, of which nothing is certain. @throws StatusError InternalError */
function toWireEvent(line: string): WireEvent {
  const event = parseText(line) as Partial<WireEvent> | null;
  const { metadata } = (event?.object as { metadata?: unknown } | null | undefined) ?? {};
  const isWhole = event?.type !== 'BOOKMARK' || (typeof metadata === 'object' && metadata !== null);
  if (typeof event?.type === 'string' && isWhole) return event as WireEvent;
  throw new StatusError('InternalError', 'the server sent something else than watch events');
}

function errorOf({ type, object }: WireEvent): StatusError | undefined {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return undefined;
    case 'ERROR':
      return toStatusError(object, 500);
    default:
      return new StatusError('InternalError', `the server sent a watch event of unknown type "${type}"`);
  }
}

/** A change is handed on as it is. */
function toWatchEvent<T>(event: WireEvent): WatchEvent<T> {
  if (event.type !== 'BOOKMARK') return event as WatchEvent<T>;
  const { metadata } = event.object as {
    metadata: { resourceVersion: string; annotations?: Record<string, string> };
  };
  const initialEventsEnd = metadata.annotations?.[INITIAL_EVENTS_END] === 'true';
  return { type: 'BOOKMARK', resourceVersion: metadata.resourceVersion, initialEventsEnd };
}
