/**
 * A container's log: what `cat` wrote to the raw files, stamped and split into records, in files that rotate.
 *
 * Invariant: a byte of a raw stream is in the log exactly once, whenever this process is killed: the position in the
 * raw streams is derived from the log (see `log-format.ts`), and a record that was torn by the kill is cut off.
 *
 * Raw bytes that are in the log are given back to the file system by punching holes. Bounded at `maxFiles` files of
 * `maxFileBytes`; the oldest goes first.
 */
import { execFile } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { LogRecord, ReadLogOptions } from '../runtime.ts';
import {
  completeLines,
  decodeRecord,
  encodeRecords,
  formatLogFileName,
  type LogFileName,
  type LogStream,
  parseLogFileName,
} from './log-format.ts';

export interface ContainerLogOptions {
  /** Where the raw files `stdout` and `stderr` are. */
  ioDirectory: string;
  logDirectory: string;
  clock: Clock;
  maxFileBytes: number;
  maxFiles: number;
  /** `fallocate`, for punching holes. */
  fallocate: string | undefined;
}

const READ_BYTES = 256 * 1024;
/** Many times the longest record, so that a part always holds a whole one. */
const PART_BYTES = 1024 * 1024;
const PUNCH_BYTES = 4 * 1024 * 1024;
const STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

export class ContainerLog {
  readonly #options: ContainerLogOptions;
  readonly #offsets: Record<LogStream, number> = { stdout: 0, stderr: 0 };
  readonly #punched: Record<LogStream, number> = { stdout: 0, stderr: 0 };
  #raw: Partial<Record<LogStream, FileHandle>> = {};
  readonly #listeners = new Set<() => void>();
  #file: OpenLogFile | undefined;
  #queued: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #finished = false;
  /** The position is known. */
  #opened = false;
  #closed = false;

  constructor(options: ContainerLogOptions) {
    this.#options = options;
  }

  /**
   * Everything that is in the raw files at the time of the call is in the log when this resolves. When it fails (the
   * disk is full), nothing is lost: the next call begins where the log ends.
   */
  drain(): Promise<void> {
    this.#queued ??= this.#inTurn(() => {
      this.#queued = undefined;
      return this.#drainOnce(false);
    });
    return this.#queued;
  }

  /** As {@link drain}, once nothing more will be written: a last line without line feed is taken too. Closes the files. */
  finish(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#finished) return;
      await this.#drainOnce(true);
      this.#finished = true;
      await this.#closeFiles();
      this.#notify();
    });
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Lets go of the files; a later call does nothing. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#closed = true;
      await this.#closeFiles();
    });
  }

  /** Raw bytes before this offset may be gone. */
  punchedBefore(stream: LogStream): number {
    return this.#punched[stream];
  }

  /** Calls `listener` when the log has grown or is finished. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async *read(options: ReadLogOptions, signal: AbortSignal): AsyncGenerator<LogRecord, void, undefined> {
    if (!this.#finished) await this.drain();
    let position = this.#startOf(options.tailLines);
    const sinceMs = options.sinceMs ?? 0;
    for (;;) {
      signal.throwIfAborted();
      const finished = this.#finished;
      const { records, next } = this.#readFrom(position);
      for (const record of records)
        if (sinceMs === 0 || Date.parse(record.timestamp) >= sinceMs) yield record;
      const moved = next.sequence !== position.sequence || next.offset !== position.offset;
      position = next;
      if (moved) continue;
      if (!options.follow || finished) return;
      await this.#changed(signal);
    }
  }

  /** Where reading starts: at the oldest record, or `tailLines` records before the end. */
  #startOf(tailLines: number | undefined): LogPosition {
    const files = this.#files();
    const oldest = files[0]?.sequence ?? 0;
    if (tailLines === undefined) return { sequence: oldest, offset: 0 };
    let missing = tailLines;
    for (const file of files.toReversed()) {
      const starts = [0];
      for (const { end } of completeLines(this.#content(file))) starts.push(end);
      const lines = starts.length - 1;
      if (missing <= lines) return { sequence: file.sequence, offset: starts[lines - missing]! };
      missing -= lines;
    }
    return { sequence: oldest, offset: 0 };
  }

  #readFrom({ sequence, offset }: LogPosition): { records: LogRecord[]; next: LogPosition } {
    const files = this.#files();
    const file = files.find((candidate) => candidate.sequence >= sequence);
    if (file === undefined) return { records: [], next: { sequence, offset } };
    const start = file.sequence === sequence ? offset : 0;
    const records: LogRecord[] = [];
    let end = start;
    for (const complete of completeLines(readPart(this.#path(file), start))) {
      const record = decodeRecord(complete.line);
      if (record !== undefined) records.push(record);
      end = start + complete.end;
    }
    const later = files.find((candidate) => candidate.sequence > file.sequence);
    const isRead = end === start && later !== undefined;
    return {
      records,
      next: isRead ? { sequence: later.sequence, offset: 0 } : { sequence: file.sequence, offset: end },
    };
  }

  /** Runs `task` after those before it, however they ended. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#running.then(task);
    this.#running = turn.catch(() => {});
    return turn;
  }

  async #drainOnce(isLast: boolean): Promise<void> {
    if (this.#finished || this.#closed) return;
    try {
      if (!this.#opened) await this.#open();
      let grown = false;
      for (const stream of STREAMS) grown = (await this.#drainStream(stream, isLast)) || grown;
      if (grown) this.#notify();
    } catch (error) {
      // What was written of the last records is found out and cut off by the next opening.
      await this.#closeFiles();
      throw error;
    }
  }

  async #closeFiles(): Promise<void> {
    const { stdout, stderr } = this.#raw;
    const handles = [this.#file?.handle, stdout, stderr];
    this.#file = undefined;
    this.#raw = {};
    this.#opened = false;
    for (const handle of handles) await handle?.close();
  }

  async #drainStream(stream: LogStream, isLast: boolean): Promise<boolean> {
    const raw = this.#raw[stream] ?? (await openIfPresent(join(this.#options.ioDirectory, stream)));
    if (raw === undefined) return false;
    this.#raw[stream] = raw;
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let grown = false; ; grown = true) {
      const { bytesRead } = await raw.read(buffer, 0, READ_BYTES, this.#offsets[stream]);
      const timestamp = new Date(this.#options.clock.now()).toISOString().replace('Z', '000000Z');
      const reachedEnd = bytesRead < READ_BYTES;
      const cut = encodeRecords(buffer.subarray(0, bytesRead), {
        timestamp,
        stream,
        isLast: isLast && reachedEnd,
      });
      if (cut.consumed === 0) return grown;
      await this.#append(cut.records);
      this.#offsets[stream] += cut.consumed;
      this.#punch(stream);
    }
  }

  async #append(records: Buffer): Promise<void> {
    const file = await this.#fileWithRoom();
    await file.handle.appendFile(records);
    file.sizeBytes += records.length;
  }

  async #fileWithRoom(): Promise<OpenLogFile> {
    const current = this.#file ?? (await this.#openFile(this.#lastSequence()));
    this.#file = current;
    if (current.sizeBytes < this.#options.maxFileBytes) return current;
    await current.handle.close();
    const next = await this.#openFile(current.sequence + 1);
    this.#file = next;
    const surplus = this.#files().slice(0, -this.#options.maxFiles);
    for (const old of surplus) rmSync(this.#path(old), { force: true });
    return next;
  }

  async #openFile(sequence: number): Promise<OpenLogFile> {
    const existing = this.#files().find((file) => file.sequence === sequence);
    const handle = await open(this.#path(existing ?? { sequence, ...this.#offsets }), 'a', 0o600);
    return { handle, sizeBytes: (await handle.stat()).size, sequence };
  }

  /** Finds the position in the raw streams from the newest file. */
  async #open(): Promise<void> {
    mkdirSync(this.#options.logDirectory, { recursive: true });
    const newest = this.#files().at(-1);
    this.#opened = true;
    if (newest === undefined) return;
    this.#offsets.stdout = newest.stdout;
    this.#offsets.stderr = newest.stderr;
    const content = this.#content(newest);
    let intact = 0;
    for (const { line, end } of completeLines(content)) {
      const record = decodeRecord(line);
      if (record !== undefined) this.#offsets[record.stream] += record.line.length;
      intact = end;
    }
    if (intact < content.length) truncateSync(this.#path(newest), intact);
    this.#punched.stdout = this.#offsets.stdout;
    this.#punched.stderr = this.#offsets.stderr;
  }

  #punch(stream: LogStream): void {
    const { fallocate, ioDirectory } = this.#options;
    const length = this.#offsets[stream] - this.#punched[stream];
    if (fallocate === undefined || length < PUNCH_BYTES) return;
    const range = ['--punch-hole', '--offset', `${this.#punched[stream]}`, '--length', `${length}`];
    this.#punched[stream] = this.#offsets[stream];
    // Where the file system cannot do it, the raw file keeps its size until the container is removed.
    execFile(fallocate, [...range, join(ioDirectory, stream)], () => {});
  }

  #notify(): void {
    // A listener may leave while it is told; a set allows that.
    for (const listener of this.#listeners) listener();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.onChange(() => done());
      const done = () => {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #lastSequence(): number {
    return this.#files().at(-1)?.sequence ?? 0;
  }

  #files(): LogFileName[] {
    let names: string[] = [];
    try {
      names = readdirSync(this.#options.logDirectory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const files = names.map(parseLogFileName).filter((file) => file !== undefined);
    return files.sort((a, b) => a.sequence - b.sequence);
  }

  #path(file: LogFileName): string {
    return join(this.#options.logDirectory, formatLogFileName(file));
  }

  #content(file: LogFileName): Buffer {
    return readFileSync(this.#path(file));
  }
}

interface OpenLogFile {
  handle: FileHandle;
  sizeBytes: number;
  sequence: number;
}

interface LogPosition {
  sequence: number;
  offset: number;
}

/** At most {@link PART_BYTES} of the file from `start`; empty at its end. */
function readPart(path: string, start: number): Buffer {
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(Math.min(PART_BYTES, Math.max(0, fstatSync(fd).size - start)));
  const length = readSync(fd, buffer, 0, buffer.length, start);
  closeSync(fd);
  return buffer.subarray(0, length);
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
