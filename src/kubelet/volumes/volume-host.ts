/** The node's files, as volumes need them. Implemented in `platform/kubelet-volume-host.ts`; in memory for tests. */
export interface VolumeHost {
  /** Creates the directory and its parents; an existing one stays. */
  makeDirectory(path: string, mode: number, signal: AbortSignal): Promise<void>;
  /** Puts a memory file system at the directory; false where that is not possible (the directory itself then serves). */
  mountMemory(path: string, sizeBytes: number | undefined, signal: AbortSignal): Promise<boolean>;
  /**
   * Makes the directory hold exactly `files`, all at once: a new `..TIMESTAMP` directory, then one rename of the `..data`
   * link, which every file's link goes through. Unchanged content writes nothing. Resolves with whether it changed.
   */
  writePayload(path: string, files: readonly PayloadFile[], signal: AbortSignal): Promise<boolean>;
  /** Checks (or creates) what a hostPath volume names. @throws VolumeError with upstream's message */
  prepareHostPath(path: string, type: string, signal: AbortSignal): Promise<void>;
  /** The real path of `subPath` below `volumePath`, made as a directory if absent. @throws VolumeError when it leads outside */
  prepareSubPath(volumePath: string, subPath: string, signal: AbortSignal): Promise<string>;
  /** Gives the tree to group `gid`, readable and writable by it. Without the right to do so, nothing happens. */
  setGroup(path: string, gid: number, signal: AbortSignal): Promise<void>;
  /** Creates an empty file that any user may write; its directories too. */
  makeWritableFile(path: string, signal: AbortSignal): Promise<void>;
  /** Up to `maxBytes` of a file; empty when there is none. */
  readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Unmounts and removes the tree; one that is not there is removed already. Never follows links out of it. */
  remove(path: string, signal: AbortSignal): Promise<void>;
  /** Names in a directory; empty when there is none. */
  list(path: string, signal: AbortSignal): Promise<readonly string[]>;
}

export interface PayloadFile {
  /** Relative, may have directories. */
  path: string;
  content: Uint8Array;
  mode: number;
}

/** A volume that cannot be set up now. The message goes into the `FailedMount` Event. */
export class VolumeError extends Error {
  override name = 'VolumeError';
}
