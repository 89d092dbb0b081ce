/**
 * A node's files in memory, as volumes need them: what is there, what is mounted, what goes wrong. It outlives the agent; what
 * memory volumes hold is lost with the power.
 *
 * Only what was made by name is held, not every directory on the way to it: a node has 30 Pods with a few paths each, and what
 * is asked is answered by looking through those.
 */
import { type PayloadFile, VolumeError, type VolumeHost } from '../kubelet/volumes/volume-host.ts';

/** As `hostPath.type` tells them apart. */
export type FileKind = 'directory' | 'file' | 'socket file' | 'character device' | 'block device';

interface Entry {
  kind: FileKind;
  /** A memory file system is mounted here. */
  isMemory: boolean;
  /** What `writePayload` put into the directory. */
  payload: Payload | undefined;
  text: string;
}

interface Payload {
  fingerprint: string;
  /** Absent where contents are not kept. */
  files: Readonly<Record<string, string>> | undefined;
}

export interface MemoryVolumeHostOptions {
  /** `fingerprints`: enough to know that a payload changed, not what it holds. For nodes by the thousand. */
  contents?: 'kept' | 'fingerprints';
}

export interface PodVolume {
  podUid: string;
  /** `kubernetes.io~configmap` */
  plugin: string;
  name: string;
  path: string;
}

/** A directory of which nothing more is to be said: one object for all of them. */
const DIRECTORY: Entry = Object.freeze({
  kind: 'directory',
  isMemory: false,
  payload: undefined,
  text: '',
});
const POD_VOLUME = /\/pods\/([^/]+)\/volumes\/([^/]+)\/([^/]+)$/;
/** How many removals are remembered. */
const REMOVED_MAX = 1000;

export class MemoryVolumeHost implements VolumeHost {
  /** The last paths that were removed, oldest first, also those that were not there. */
  readonly removed: string[] = [];
  readonly #keepsContents: boolean;
  readonly #entries = new Map<string, Entry>();
  /** What {@link list} has answered since something changed last. */
  readonly #lists = new Map<string, readonly string[]>();
  readonly #faults = new Map<keyof VolumeHost, Error[]>();
  #isFull = false;

  constructor({ contents = 'kept' }: MemoryVolumeHostOptions = {}) {
    this.#keepsContents = contents === 'kept';
  }

  // Faults, for tests and scenarios.

  /** The next call of `verb` fails with `error`; calls add up. */
  failNext(verb: keyof VolumeHost, error: Error): void {
    this.#faults.set(verb, [...(this.#faults.get(verb) ?? []), error]);
  }

  /** Nothing more can be written, until {@link free}. */
  fill(): void {
    this.#isFull = true;
  }

  free(): void {
    this.#isFull = false;
  }

  /** The machine lost power: memory file systems are gone, with what was in them. */
  losePower(): void {
    for (const mount of this.mounts()) {
      for (const path of this.#below(mount)) this.#forget(path);
      this.#put(mount, DIRECTORY);
    }
  }

  // What is there, for tests and checkers.

  /** Where memory file systems are mounted. */
  mounts(): string[] {
    return [...this.#entries].filter(([, { isMemory }]) => isMemory).map(([path]) => path);
  }

  /** Every volume of every Pod that is set up here. */
  podVolumes(): PodVolume[] {
    return [...this.#entries.keys()].flatMap((path) => {
      const [, podUid = '', plugin = '', name = ''] = POD_VOLUME.exec(path) ?? [];
      return podUid === '' ? [] : [{ podUid, plugin, name, path }];
    });
  }

  /** What the directory holds, text by path; `undefined` where nothing was written or contents are not kept. */
  payload(path: string): Readonly<Record<string, string>> | undefined {
    return this.#entries.get(path)?.payload?.files;
  }

  exists(path: string): boolean {
    return this.#kindOf(path) !== undefined;
  }

  /** Something that is on the machine, or that a container wrote through a mount. */
  put(path: string, kind: FileKind, text = ''): void {
    this.#put(path, { ...DIRECTORY, kind, text });
  }

  // VolumeHost.

  async makeDirectory(path: string, _mode: number, signal: AbortSignal): Promise<void> {
    this.#enter('makeDirectory', signal);
    if (this.#kindOf(path) === undefined) this.#make(path, DIRECTORY, 'mkdir');
  }

  async mountMemory(path: string, _sizeBytes: number | undefined, signal: AbortSignal): Promise<boolean> {
    this.#enter('mountMemory', signal);
    if (this.#entries.get(path)?.isMemory !== true) this.#put(path, { ...DIRECTORY, isMemory: true });
    return true;
  }

  async writePayload(path: string, files: readonly PayloadFile[], signal: AbortSignal): Promise<boolean> {
    this.#enter('writePayload', signal);
    const fingerprint = fingerprintOf(files);
    const entry = this.#entries.get(path) ?? DIRECTORY;
    if (entry.payload?.fingerprint === fingerprint) return false;
    const kept = this.#keepsContents ? textsOf(files) : undefined;
    this.#make(path, { ...entry, payload: { fingerprint, files: kept } }, 'write');
    return true;
  }

  async prepareHostPath(path: string, type: string, signal: AbortSignal): Promise<void> {
    this.#enter('prepareHostPath', signal);
    const wanted = HOST_PATH_KINDS[type];
    if (wanted === undefined) return;
    const found = this.#kindOf(path);
    if (found === undefined && type.endsWith('OrCreate')) {
      this.#make(path, { ...DIRECTORY, kind: wanted }, 'mkdir');
    } else if (found !== wanted)
      throw new VolumeError(`hostPath type check failed: ${path} is not a ${wanted}`);
  }

  async prepareSubPath(volumePath: string, subPath: string, signal: AbortSignal): Promise<string> {
    this.#enter('prepareSubPath', signal);
    const names = resolved(subPath);
    if (names === undefined) throw new VolumeError(`subPath "${subPath}" is outside of the volume`);
    const path = [volumePath, ...names].join('/');
    if (this.#kindOf(path) === undefined) this.#make(path, DIRECTORY, 'mkdir');
    return path;
  }

  async setGroup(_path: string, _gid: number, signal: AbortSignal): Promise<void> {
    this.#enter('setGroup', signal);
  }

  async makeWritableFile(path: string, signal: AbortSignal): Promise<void> {
    this.#enter('makeWritableFile', signal);
    if (this.#kindOf(path) === undefined) this.#make(path, EMPTY_FILE, 'open');
  }

  async readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    this.#enter('readFile', signal);
    return new TextEncoder().encode(this.#entries.get(path)?.text ?? '').subarray(0, maxBytes);
  }

  async remove(path: string, signal: AbortSignal): Promise<void> {
    this.#enter('remove', signal);
    if (this.removed.length >= REMOVED_MAX) this.removed.shift();
    this.removed.push(path);
    this.#forget(path);
    for (const below of this.#below(path)) this.#forget(below);
  }

  async list(path: string, signal: AbortSignal): Promise<readonly string[]> {
    this.#enter('list', signal);
    let names = this.#lists.get(path);
    if (names === undefined) {
      names = this.#namesIn(path);
      this.#lists.set(path, names);
    }
    return names;
  }

  #namesIn(path: string): readonly string[] {
    const names = Object.keys(this.payload(path) ?? {});
    for (const below of this.#below(path)) names.push(below.slice(path.length + 1));
    return [...new Set(names.map((name) => name.split('/', 1)[0]!))].sort();
  }

  #enter(verb: keyof VolumeHost, signal: AbortSignal): void {
    signal.throwIfAborted();
    const fault = this.#faults.get(verb)?.shift();
    if (fault !== undefined) throw fault;
  }

  #put(path: string, entry: Entry): void {
    this.#entries.set(path, entry);
    this.#lists.clear();
  }

  #forget(path: string): void {
    if (this.#entries.delete(path)) this.#lists.clear();
  }

  #make(path: string, entry: Entry, call: string): void {
    if (this.#isFull && !entry.isMemory)
      throw Object.assign(new Error(`ENOSPC: no space left on device, ${call} '${path}'`), {
        code: 'ENOSPC',
      });
    this.#put(path, entry);
  }

  /** What is at `path`: made by name, a payload's file, or a directory on the way to something. */
  #kindOf(path: string): FileKind | undefined {
    const entry = this.#entries.get(path);
    if (entry !== undefined) return entry.kind;
    const cut = path.lastIndexOf('/');
    if (Object.hasOwn(this.payload(path.slice(0, cut)) ?? {}, path.slice(cut + 1))) return 'file';
    return this.#below(path).next().done === true ? undefined : 'directory';
  }

  *#below(path: string): Generator<string, void> {
    const prefix = `${path}/`;
    for (const made of this.#entries.keys()) if (made.startsWith(prefix)) yield made;
  }
}

const EMPTY_FILE: Entry = Object.freeze({ ...DIRECTORY, kind: 'file' });

/** By `hostPath.type`; an absent or empty one is not checked. */
const HOST_PATH_KINDS: Readonly<Record<string, FileKind>> = {
  Directory: 'directory',
  DirectoryOrCreate: 'directory',
  File: 'file',
  FileOrCreate: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
};

/** The names on the way; `undefined` when it leads outside. */
function resolved(subPath: string): string[] | undefined {
  const names: string[] = [];
  for (const name of subPath.split('/')) {
    if (name === '..' && names.pop() === undefined) return undefined;
    if (name !== '..' && name !== '.' && name !== '') names.push(name);
  }
  return names;
}

function textsOf(files: readonly PayloadFile[]): Readonly<Record<string, string>> {
  const decoder = new TextDecoder();
  return Object.fromEntries(files.map(({ content, path }) => [path, decoder.decode(content)]));
}

/** Two 32-bit hashes and the length over paths, modes and contents. */
function fingerprintOf(files: readonly PayloadFile[]): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  let length = 0;
  const add = (byte: number) => {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b) + length++;
  };
  for (const { content, mode, path } of files) {
    for (let i = 0; i < path.length; i++) add(path.charCodeAt(i));
    add(mode);
    for (const byte of content) add(byte);
    add(0x100);
  }
  return `${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}.${length}`;
}
