/**
 * The images of the process runtime: a directory with an `image.json`, registered under a reference. The registry is
 * one JSON file, `reference -> directory`, written by `up --image` and looked at by each agent at each use: every start of
 * a container asks several times, so a file is read again only when it has changed.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readJsonFile, writeFileAtomically } from '../../platform/atomic-file.ts';
import { normalizeImageReference } from '../image-reference.ts';
import { RuntimeError, type RuntimeImage } from '../runtime.ts';

/** The part of an OCI image configuration that a process needs. */
export interface ImageConfig {
  Entrypoint: string[];
  Cmd: string[];
  Env: string[];
  WorkingDir: string;
  StopSignal: string;
  /** `uid` or `uid:gid`; empty for the user whom the agent runs as. */
  User: string;
}

export interface ProcessImage extends RuntimeImage {
  directory: string;
  config: ImageConfig;
}

type Entries = Readonly<Record<string, string>>;

/** What a file held when it was `version`. */
interface Cached<T> {
  version: string;
  value: T;
}

export class ImageRegistry {
  readonly #path: string;
  /** By directory; as many as are registered. */
  readonly #images = new Map<string, Cached<ProcessImage>>();
  #registered: Cached<Entries> = { version: '', value: {} };

  /** @param path  the registry's file; it need not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Makes `reference` name the program in `directory`, instead of what it named.
   *
   * @throws RuntimeError `InvalidImageName`, or `ImageNotFound` when the directory holds no usable `image.json`
   */
  async register(reference: string, directory: string): Promise<ProcessImage> {
    const name = normalizeImageReference(reference);
    const image = loadImage(name, resolve(directory));
    const entries = { ...(await this.#entries()), [name]: image.directory };
    writeFileAtomically(this.#path, `${JSON.stringify(entries, null, 2)}\n`, { durable: true });
    return image;
  }

  /** @throws RuntimeError `InvalidImageName`; `ImageNotFound` when it is registered and no longer usable */
  async find(reference: string): Promise<ProcessImage | undefined> {
    const name = normalizeImageReference(reference);
    const directory = (await this.#entries())[name];
    return directory === undefined ? undefined : this.#image(name, directory);
  }

  /** As {@link find}; an unknown image is `ImageNotFound` with the two ways out. */
  async get(reference: string): Promise<ProcessImage> {
    const image = await this.find(reference);
    if (image !== undefined) return image;
    throw new RuntimeError(
      'ImageNotFound',
      `image "${normalizeImageReference(reference)}" is not registered with the process runtime: ` +
        `add it with \`kintsugi up --image ${reference}=DIR\`, or run real images with \`--runtime containerd\``,
    );
  }

  async #entries(): Promise<Entries> {
    const version = versionOf(this.#path);
    if (version !== this.#registered.version) {
      const value = ((await readJsonFile(this.#path)) ?? {}) as Entries;
      this.#registered = { version, value };
    }
    return this.#registered.value;
  }

  #image(reference: string, directory: string): ProcessImage {
    const version = `${reference} ${versionOf(join(directory, 'image.json'))}`;
    const cached = this.#images.get(directory);
    if (cached?.version === version) return cached.value;
    const value = loadImage(reference, directory);
    this.#images.set(directory, { version, value });
    return value;
  }
}

/** Differs when the file was replaced or written to; empty while it is absent. */
function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}

function loadImage(reference: string, directory: string): ProcessImage {
  const path = join(directory, 'image.json');
  const refuse = (why: string, cause?: unknown) =>
    new RuntimeError('ImageNotFound', `image "${reference}": ${path}: ${why}`, { cause });
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw refuse(
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'cannot be read',
      error,
    );
  }
  const config = parseImageConfig(content.toString('utf8'), refuse);
  const id = createHash('sha256').update(directory).update('\0').update(content).digest('hex');
  const { uid } = parseImageUser(config.User);
  return {
    reference,
    id: `process://sha256:${id}`,
    sizeBytes: statSync(path).size,
    user: { uid: uid ?? process.getuid?.() ?? 0 },
    directory,
    config,
  };
}

/** `1000:1000`; nothing for an image without a user. */
export function parseImageUser(user: string): { uid?: number; gid?: number } {
  const [uid, gid] = user.split(':');
  return { ...(uid ? { uid: Number(uid) } : {}), ...(gid ? { gid: Number(gid) } : {}) };
}

/** Accepts an OCI image configuration (`{"config": {"Entrypoint": …}}`) and its `config` alone. */
function parseImageConfig(text: string, refuse: (why: string, cause?: unknown) => RuntimeError): ImageConfig {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  const config = (parsed?.['config'] ?? parsed) as Record<string, unknown>;
  if (typeof config !== 'object' || config === null) throw refuse('not an image configuration');
  const strings = (field: string): string[] => {
    const value = config[field] ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw refuse(`${field} must be a list of strings`);
  };
  if (!/^(\d+(:\d+)?)?$/.test((config['User'] as string | undefined) ?? '')) {
    throw refuse(`User must be a number, or two as in 1000:1000: the machine's names are not the image's`);
  }
  const string = (field: string): string => {
    const value = config[field] ?? '';
    if (typeof value === 'string') return value;
    throw refuse(`${field} must be a string`);
  };
  return {
    Entrypoint: strings('Entrypoint'),
    Cmd: strings('Cmd'),
    Env: strings('Env'),
    WorkingDir: string('WorkingDir'),
    StopSignal: string('StopSignal'),
    User: string('User'),
  };
}
