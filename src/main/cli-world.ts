/** The command line's world, for real: this process's streams, files and network. */
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { CliWorld, ConnectionTarget, OpenTransport, Roots, TextSink } from '../cli/cli-world.ts';
import { newHttpsTransport } from '../platform/https-transport.ts';
import { systemClock } from '../platform/system-clock.ts';

/** Larger than any manifest that the server takes (3 MiB), so that the server says what is wrong with it. */
const INPUT_BYTES_MAX = 64 * 1024 * 1024;

export function newCliWorld(version: string, roots: Roots): CliWorld {
  return {
    clock: systemClock,
    version,
    homeDir: homedir(),
    env: process.env,
    stdout: newSink(process.stdout),
    stderr: newSink(process.stderr),
    readStdin,
    readText,
    listManifests,
    connect,
    roots,
  };
}

function newSink(stream: NodeJS.WriteStream): TextSink {
  // The reader of a pipe may leave (`| head`); the write that follows says so.
  stream.on('error', () => {});
  return {
    isTerminal: stream.isTTY === true,
    async write(text) {
      if (stream.errored) throw stream.errored;
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
      if (stream.errored) throw stream.errored;
    },
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > INPUT_BYTES_MAX)
      throw new Error(`standard input holds more than ${INPUT_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks), 'standard input');
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > INPUT_BYTES_MAX) throw new Error(`it holds more than ${INPUT_BYTES_MAX} bytes`);
    return decode(await readFile(file), file);
  } catch (error) {
    throw new Error(`cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** What is not UTF-8 is refused: replacement characters would be stored without a word. */
function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Error(`${name} is not valid UTF-8`, { cause: error });
  }
}

const MANIFEST = /\.(ya?ml|json)$/;

async function listManifests(file: string): Promise<string[]> {
  try {
    if (!(await stat(file)).isDirectory()) return [file];
    const entries = await readdir(file, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && MANIFEST.test(entry.name) && !NOT_MANIFESTS.has(entry.name))
      .map((entry) => path.join(file, entry.name))
      .sort();
  } catch (error) {
    throw new Error(`cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Beside manifests an application's directory also holds these. */
const NOT_MANIFESTS: ReadonlySet<string> = new Set([
  'image.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]);

function connect(target: ConnectionTarget): OpenTransport {
  const { server, serverCa, cert, key } = target;
  const credentials = { serverCa, ...(cert === undefined || key === undefined ? {} : { cert, key }) };
  return newHttpsTransport({ server, clock: systemClock, credentials: () => credentials });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
