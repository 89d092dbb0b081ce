/** SQLite's result codes, sorted into what the journal promises. Source: sqlite.org/rescode.html. */
import type { JournalFailure } from './sqlite-journal-protocol.ts';

/** The program that opened the file is older than the one that wrote it, or the file is something else. */
export class JournalRefusedError extends Error {
  override name = 'JournalRefusedError';
}

const BUSY = 5;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** Extended code: a write failed before the commit could be on disk. */
const IOERR_WRITE = 778;

const OPEN_ADVICE: Record<number, string> = {
  [BUSY]: 'is in use by another process: stop that one, or choose another data directory',
  [READONLY]: 'cannot be written: the file or its file system is read-only',
  [CORRUPT]: 'is damaged: restore it from a copy, or move it away to start empty',
  [FULL]: 'cannot be written: no space is left on its disk',
  [CANTOPEN]: 'cannot be opened: the directory must exist, and this user must be allowed to write there',
  [NOTADB]: 'is not a Kintsugi store, or is damaged: restore it from a copy, or move it away to start empty',
};

const FILE_ADVICE: Record<string, string> = {
  EACCES: 'cannot be opened: this user is not allowed to',
  EROFS: 'cannot be written: its file system is read-only',
  ENOSPC: 'cannot be written: no space is left on its disk',
  ENOTDIR: 'cannot be opened: a part of its path is not a directory',
  EEXIST: 'cannot be opened: a part of its path is not a directory',
};

/** Why `path` could not be opened or read, in a sentence for a person. */
export function toOpenFailure(error: unknown, path: string): JournalFailure {
  if (error instanceof JournalRefusedError) return { kind: 'refused', message: `${path} ${error.message}` };
  const code = sqliteCode(error);
  const advice = code === undefined ? FILE_ADVICE[fileCode(error)] : OPEN_ADVICE[code & 0xff];
  return { kind: 'refused', message: `${path} ${advice ?? `cannot be opened: ${String(error)}`}` };
}

/**
 * What a failed transaction means. Only errors that come before anything could be durable are `unavailable`; a failed flush
 * is not: what it left on disk is unknown.
 */
export function toWriteFailure(error: unknown): JournalFailure {
  const code = sqliteCode(error);
  const nothingWritten =
    code !== undefined && ((code & 0xff) === FULL || (code & 0xff) === READONLY || code === IOERR_WRITE);
  const message = error instanceof Error ? error.message : String(error);
  return { kind: nothingWritten ? 'unavailable' : 'fatal', message };
}

function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code : undefined;
}

function fileCode(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
