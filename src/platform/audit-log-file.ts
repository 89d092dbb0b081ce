/**
 * The audit log's file: lines in, in order, at once for whoever writes them; a file that is given up for a new one when it
 * is full, and old ones that go by age and by number.
 *
 *     write -> queue (bounded) -> one write of many lines at a time -> audit.log --full--> audit-2026-01-02T03-04-05.006.log
 *
 * As upstream's batch mode: a request never waits for the disk. What the disk does not take is kept and tried again; what
 * does not fit in the queue any more is counted and lost, which the process's own log says. A line is in the file whole or
 * not at all, and nothing that happens here ends the process.
 *
 * @see k8s.io/apiserver/plugin/pkg/audit/buffered, log; gopkg.in/natefinch/lumberjack.v2
 */
import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../base/logger.ts';

export interface AuditLogFileOptions {
  path: string;
  /** A file does not grow past it, unless it has one line only. */
  maxSizeBytes: number;
  /** Older files are deleted; 0: never. */
  maxAgeDays: number;
  /** As many old files stay; 0: all. */
  maxBackups: number;
}

export interface AuditLogFile {
  write(line: string): void;
  /** Lines that were given to it since the start, and those of them that were lost. */
  readonly taken: number;
  readonly dropped: number;
  /** Resolves when what is queued is in the file, or `graceMs` later. Nothing is taken any more. */
  close(graceMs: number): Promise<void>;
}

const QUEUE_BYTES_MAX = 32 * 1024 * 1024;
const WRITE_BYTES_MAX = 1024 * 1024;
const RETRY_MS = 1_000;
const DAY_MS = 86_400_000;

/** Rejects when the file cannot be opened: better no server than one that is believed to keep a log. */
export async function openAuditLogFile(log: Logger, options: AuditLogFileOptions): Promise<AuditLogFile> {
  mkdirSync(path.dirname(options.path), { recursive: true, mode: 0o700 });
  const file = new RotatedFile(log, options);
  await file.open();
  return file;
}

interface QueuedLine {
  line: string;
  /** Its line feed included. */
  sizeBytes: number;
}

class RotatedFile implements AuditLogFile {
  readonly #log: Logger;
  readonly #options: AuditLogFileOptions;
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  #queue: QueuedLine[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #retry: { timer: NodeJS.Timeout; now: () => void } | undefined;
  #isFailing = false;
  #isClosed = false;
  taken = 0;
  dropped = 0;

  constructor(log: Logger, options: AuditLogFileOptions) {
    this.#log = log;
    this.#options = options;
  }

  async open(): Promise<void> {
    const file = await open(this.#options.path, 'a', 0o600);
    this.#file = file;
    this.#sizeBytes = (await file.stat()).size;
    await this.#deleteOld();
  }

  write(line: string): void {
    this.taken++;
    const sizeBytes = Buffer.byteLength(line) + 1;
    if (this.#isClosed || this.#queuedBytes + sizeBytes > QUEUE_BYTES_MAX) {
      if (this.dropped++ === 0 || !this.#isFailing) this.#onFailure(new Error('its queue is full'));
      return;
    }
    this.#queue.push({ line, sizeBytes });
    this.#queuedBytes += sizeBytes;
    this.#writing ??= this.#writeSoon();
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    this.#retry?.now();
    await Promise.race([this.#writing, patience]);
    clearTimeout(timer);
    if (this.#retry) clearTimeout(this.#retry.timer);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** What comes in one turn of the event loop is written together. */
  async #writeSoon(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#writeAll();
  }

  /** Never rejects. Ends when the queue is empty. */
  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      try {
        await this.#writeSome();
        this.#onSuccess();
      } catch (error) {
        if (this.#isClosed && this.#file === undefined) return;
        this.#onFailure(error);
        await new Promise<void>((resolve) => {
          this.#retry = { timer: setTimeout(resolve, RETRY_MS), now: resolve };
        });
        if (this.#isClosed) return;
      }
    }
    this.#writing = undefined;
  }

  async #writeSome(): Promise<void> {
    if (this.#sizeBytes > 0 && this.#sizeBytes + this.#queue[0]!.sizeBytes > this.#options.maxSizeBytes)
      await this.#rotate();
    const room = Math.min(WRITE_BYTES_MAX, this.#options.maxSizeBytes - this.#sizeBytes);
    let count = 1;
    let sizeBytes = this.#queue[0]!.sizeBytes;
    while (count < this.#queue.length && sizeBytes + this.#queue[count]!.sizeBytes <= room)
      sizeBytes += this.#queue[count++]!.sizeBytes;
    const lines = this.#queue.slice(0, count).map(({ line }) => line);
    await this.#append(Buffer.from(`${lines.join('\n')}\n`));
    this.#queue.splice(0, count);
    this.#queuedBytes -= sizeBytes;
  }

  /** All of `bytes`, or none. */
  async #append(bytes: Buffer): Promise<void> {
    const file = this.#file ?? (await this.#reopened());
    try {
      for (let written = 0; written < bytes.length; )
        written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
    } catch (error) {
      await file.truncate(this.#sizeBytes);
      throw error;
    }
    this.#sizeBytes += bytes.length;
  }

  async #reopened(): Promise<FileHandle> {
    await this.open();
    return this.#file!;
  }

  async #rotate(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    await rename(this.#options.path, await this.#freeBackupPath());
    await this.open();
  }

  /** Two files that fill within a millisecond do not replace each other. */
  async #freeBackupPath(): Promise<string> {
    const { dir, name, ext } = path.parse(this.#options.path);
    const taken = new Set(await readdir(dir || '.'));
    for (let atMs = Date.now(); ; atMs++) {
      const backup = `${name}-${formatStamp(atMs)}${ext}`;
      if (!taken.has(backup)) return path.join(dir, backup);
    }
  }

  async #deleteOld(): Promise<void> {
    const { maxBackups, maxAgeDays } = this.#options;
    const backups = await this.#backups();
    const oldest = maxAgeDays === 0 ? 0 : Date.now() - maxAgeDays * DAY_MS;
    const kept = maxBackups === 0 ? backups.length : maxBackups;
    const doomed = backups.filter(({ atMs }, index) => index >= kept || atMs < oldest);
    for (const { file } of doomed) await rm(file, { force: true });
  }

  /** The youngest first. */
  async #backups(): Promise<{ file: string; atMs: number }[]> {
    const { dir, name, ext } = path.parse(this.#options.path);
    const found = [];
    for (const entry of await readdir(dir || '.')) {
      if (!entry.startsWith(`${name}-`) || !entry.endsWith(ext)) continue;
      const atMs = parseStamp(entry.slice(name.length + 1, entry.length - ext.length));
      if (atMs !== undefined) found.push({ file: path.join(dir, entry), atMs });
    }
    return found.sort((a, b) => b.atMs - a.atMs);
  }

  #onFailure(error: unknown): void {
    if (!this.#isFailing)
      this.#log.error('the audit log cannot be written', { error, path: this.#options.path });
    this.#isFailing = true;
  }

  #onSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#log.info('the audit log is written again', { dropped: this.dropped });
  }
}

/** As lumberjack names its backups. */
function formatStamp(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(':', '-').replace('Z', '');
}

function parseStamp(stamp: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(stamp);
  return match === null ? undefined : Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}Z`);
}
