/** What the command line touches outside itself, for real. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { CliWorld, TextSink } from '../cli/cli-world.ts';
import { CommandError } from '../cli/usage-error.ts';
import { systemClock } from '../platform/system-clock.ts';
import { newRoots } from './roots.ts';

export const VERSION = '0.1.0';

/** @param hurry  aborts when `up` is to stop its processes at once */
export function newCliWorld(hurry: AbortSignal): CliWorld {
  const world: CliWorld = {
    clock: systemClock,
    version: VERSION,
    homeDir: homedir(),
    env: process.env,
    stdout: newSink(process.stdout),
    stderr: newSink(process.stderr),
    readStdin: () => text(process.stdin),
    readText: async (file) => reading(file, () => readFileSync(file, 'utf8')),
    listManifests: async (file) => listManifests(file),
    connect: async ({ server, ...credentials }) => {
      const { newHttpsTransport } = await import('../platform/https-transport.ts');
      return newHttpsTransport({ server, clock: systemClock, credentials: () => credentials });
    },
    roots: newRoots(() => world, hurry),
  };
  return world;
}

function newSink(stream: NodeJS.WriteStream): TextSink {
  stream.on('error', () => {}); // heard by the write that failed
  return {
    isTerminal: stream.isTTY === true,
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
  };
}

function listManifests(file: string): string[] {
  return reading(file, () => {
    if (!statSync(file).isDirectory()) return [file];
    return readdirSync(file)
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => path.join(file, name));
  });
}

/** Says what a file system says in words for a person. @throws CommandError */
function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `the path "${file}" does not exist` : `cannot read "${file}": ${message}`;
    throw new CommandError(why, { cause: error });
  }
}
