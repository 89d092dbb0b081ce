/** What the SQLite journal and its thread say to each other. Requests are answered in any order, by `id`. */

export type JournalRequest = { id: number } & (
  | { verb: 'load' }
  | { verb: 'commit'; frames: ArrayBuffer }
  | { verb: 'compact'; revision: number }
  | { verb: 'close' }
);

export type JournalReply = { id: number } & (
  | { result: LoadedJournal | undefined }
  | { failure: JournalFailure }
);

export interface LoadedJournal {
  revision: number;
  compactedRevision: number;
  /** Packed records, in revision order. */
  chunks: ArrayBuffer[];
}

/**
 * refused: the journal cannot be opened, with a message for a person · unavailable: nothing was written, try again later ·
 * fatal: the outcome is unknown.
 */
export interface JournalFailure {
  kind: 'refused' | 'unavailable' | 'fatal';
  message: string;
}

export interface JournalWorkerData {
  directory: string;
}
