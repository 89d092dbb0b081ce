/**
 * The thread that owns the journal's file. Commits are answered before the log is tidied up; a compaction gives way to the
 * commits that wait. An error that nobody foresaw ends the thread, which its owner takes as a failed commit.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { toOpenFailure, toWriteFailure } from './sqlite-errors.ts';
import { JournalDatabase } from './sqlite-journal-database.ts';
import { unpackRecords } from './sqlite-journal-frames.ts';
import type {
  JournalReply,
  JournalRequest,
  JournalWorkerData,
  LoadedJournal,
} from './sqlite-journal-protocol.ts';

const FILE_NAME = 'store.db';

assert(parentPort !== null, 'the journal runs in a worker thread');
const port = parentPort;
const path = join((workerData as JournalWorkerData).directory, FILE_NAME);
let database: JournalDatabase | undefined;

port.on('message', (request: JournalRequest) => serve(request));

function serve(request: JournalRequest): void {
  const { id } = request;
  switch (request.verb) {
    case 'load':
      answer(id, load, (error) => toOpenFailure(error, path));
      break;
    case 'commit':
      answer(id, () => opened().commit(unpackRecords(request.frames)));
      opened().checkpointIfLarge();
      break;
    case 'compact':
      if (attempt(id, () => opened().startCompaction(request.revision))) {
        continueCompaction(id, request.revision);
      }
      break;
    case 'close':
      answer(id, close);
      port.close();
  }
}

function load(): LoadedJournal {
  database = new JournalDatabase(path);
  return database.load();
}

function opened(): JournalDatabase {
  assert(database !== undefined, 'the journal is not open');
  return database;
}

function close(): void {
  database?.close();
  database = undefined;
}

function continueCompaction(id: number, revision: number): void {
  // Closed meanwhile: the rows that are left go with the next compaction.
  if (database === undefined) return;
  let finished = false;
  const succeeded = attempt(id, () => {
    finished = opened().compactStep(revision);
  });
  if (!succeeded) return;
  opened().checkpointIfLarge();
  if (finished) send({ id, result: undefined });
  else setImmediate(() => continueCompaction(id, revision));
}

/** Does `effect` and answers with what it returns, or with its failure. */
function answer(id: number, effect: () => unknown, toFailure = toWriteFailure): void {
  let result: unknown;
  const doEffect = () => {
    result = effect();
  };
  if (attempt(id, doEffect, toFailure)) send({ id, result: result as LoadedJournal | undefined });
}

/** True when `effect` succeeded; else its failure is the answer. */
function attempt(id: number, effect: () => void, toFailure = toWriteFailure): boolean {
  try {
    effect();
    return true;
  } catch (error) {
    send({ id, failure: toFailure(error) });
    return false;
  }
}

function send(reply: JournalReply): void {
  port.postMessage(reply, 'result' in reply ? (reply.result?.chunks ?? []) : []);
}
