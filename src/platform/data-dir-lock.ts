/**
 * One `up` per data directory. The lock is the kernel's (SQLite takes an fcntl lock on `lock.db`): it ends with the
 * process that holds it, however that dies, so there is no stale lock to judge and no race to take one over. Children do
 * not inherit it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writeFileAtomically } from './atomic-file.ts';

/** The directory is in use; `message` is fit for a user. */
export class DataDirInUseError extends Error {
  override name = 'DataDirInUseError';
  /** Of the holder, where it is known. */
  readonly pid: number | undefined;

  constructor(dataDir: string, pid: number | undefined) {
    const holder = pid === undefined ? 'another process' : `process ${pid}`;
    super(
      `data directory ${dataDir} is in use by ${holder}: stop it with \`kintsugi down --data-dir ${dataDir}\`, ` +
        'or choose another directory with --data-dir',
    );
    this.pid = pid;
  }
}

export interface DataDirLock {
  release(): void;
}

/** A database that nothing refers to is closed by the garbage collector, and its lock ends with it. */
const held = new Set<DatabaseSync>();

/** Locks an existing directory until released or until this process ends. @throws DataDirInUseError */
export function lockDataDir(dataDir: string): DataDirLock {
  const database = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 });
  try {
    // Nothing is ever written: the exclusive lock alone is wanted, and no journal file beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new DataDirInUseError(dataDir, readHolder(dataDir));
  }
  writeFileAtomically(holderPath(dataDir), `${process.pid}\n`);
  held.add(database);
  return {
    release() {
      held.delete(database);
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === SQLITE_BUSY;
}

const SQLITE_BUSY = 5;

function holderPath(dataDir: string): string {
  return join(dataDir, 'lock.pid');
}

/** Only for the message: the lock itself does not depend on it. */
function readHolder(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(holderPath(dataDir), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}
