/**
 * The journal of one machine: a SQLite file in a thread of its own (`sqlite-journal-worker.ts`), so that a flush never stops
 * the event loop. This side packs batches, matches answers to requests, and turns failures into the journal's errors.
 *
 * Invariant: an answer means that the thread flushed the batch; when the thread ends, every open request fails.
 */
import { Worker } from 'node:worker_threads';
import { abortable } from '../base/abort.ts';
import { assert } from '../base/assert.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import {
  type Journal,
  type JournalBatch,
  type JournalRecord,
  type JournalSnapshot,
  JournalUnavailableError,
} from '../store/journal.ts';
import { JournalRefusedError } from './sqlite-errors.ts';
import { packRecords, unpackRecords } from './sqlite-journal-frames.ts';
import type {
  JournalFailure,
  JournalReply,
  JournalRequest,
  JournalWorkerData,
  LoadedJournal,
} from './sqlite-journal-protocol.ts';

export interface SqliteJournalOptions {
  /** Holds `store.db` and its log; made when absent. */
  directory: string;
  /** The thread's program; default the file beside this one, as source or as a bundle of that name. */
  workerUrl?: URL;
}

/** A request without its id; distributes over the union. */
type RequestBody<R = JournalRequest> = R extends { id: number } ? Omit<R, 'id'> : never;

/**
 * Starts to open the journal in `directory` at once, in parallel with whatever the caller does next; `load` waits for it.
 * `load` rejects with {@link JournalRefusedError} and a message for a person when the directory is in use, damaged, of a newer
 * format or cannot be written.
 */
export function openSqliteJournal(options: SqliteJournalOptions): Journal {
  return new SqliteJournal(options);
}

class SqliteJournal implements Journal {
  readonly #worker: Worker;
  readonly #requests = new Map<number, Deferred<LoadedJournal | undefined>>();
  readonly #loading: Promise<LoadedJournal | undefined>;
  #requestCount = 0;
  #loaded = false;
  #ending: Error | undefined;

  constructor(options: SqliteJournalOptions) {
    const workerData: JournalWorkerData = { directory: options.directory };
    this.#worker = new Worker(options.workerUrl ?? besideThisFile(), { workerData, name: 'journal' });
    this.#worker.on('message', (reply: JournalReply) => this.#onReply(reply));
    this.#worker.on('error', (error: Error) => this.#onEnd(error));
    this.#worker.on('exit', () => this.#onEnd(new Error('the journal is closed')));
    this.#loading = this.#request({ verb: 'load' });
    // Heard by load().
    this.#loading.catch(() => {});
  }

  async load(signal: AbortSignal): Promise<JournalSnapshot> {
    assert(!this.#loaded, 'a journal is loaded once');
    this.#loaded = true;
    const loaded = await abortable(this.#loading, signal);
    assert(loaded !== undefined, 'loading answers with the records');
    const { revision, compactedRevision, chunks } = loaded;
    return { revision, compactedRevision, records: recordsOf(chunks) };
  }

  async commit(batch: JournalBatch): Promise<void> {
    const frames = packRecords(batch.records);
    await this.#request({ verb: 'commit', frames }, [frames]);
  }

  async compact(revision: number): Promise<void> {
    await this.#request({ verb: 'compact', revision });
  }

  async *follow(): AsyncGenerator<JournalBatch> {
    // One writer: nobody else commits.
  }

  async close(): Promise<void> {
    if (this.#ending !== undefined) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    // A thread that ends before it can answer is closed too.
    await this.#request({ verb: 'close' }).catch(() => {});
    await exited;
  }

  #request(body: RequestBody, transfer: ArrayBuffer[] = []): Promise<LoadedJournal | undefined> {
    if (this.#ending !== undefined) return Promise.reject(this.#ending);
    const id = ++this.#requestCount;
    const outcome = newDeferred<LoadedJournal | undefined>();
    this.#requests.set(id, outcome);
    this.#worker.postMessage({ id, ...body }, transfer);
    return outcome.promise;
  }

  #onReply(reply: JournalReply): void {
    const outcome = this.#requests.get(reply.id);
    assert(outcome !== undefined, `no request ${reply.id}`);
    this.#requests.delete(reply.id);
    if ('failure' in reply) outcome.reject(toError(reply.failure));
    else outcome.resolve(reply.result);
  }

  #onEnd(cause: Error): void {
    this.#ending ??= cause;
    for (const outcome of this.#requests.values()) outcome.reject(this.#ending);
    this.#requests.clear();
  }
}

function* recordsOf(chunks: readonly ArrayBuffer[]): Generator<JournalRecord> {
  for (const chunk of chunks) yield* unpackRecords(chunk);
}

function toError({ kind, message }: JournalFailure): Error {
  if (kind === 'refused') return new JournalRefusedError(message);
  return kind === 'unavailable' ? new JournalUnavailableError(message) : new Error(message);
}

/** In the source tree `.ts`, beside a bundle `.js` or `.mjs`: the thread's program ends as this file does. */
function besideThisFile(): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./sqlite-journal-worker${extension}`, import.meta.url);
}
