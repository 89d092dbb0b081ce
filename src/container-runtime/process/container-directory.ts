/**
 * A container's state on disk, from which everything is known again after this process was killed:
 *
 * ```text
 *   container.json   what was asked for                   written before anything else
 *   command.json     what is executed, once started
 *   io/launched      the shim was started
 *   io/init          the stat line of the first process   the program runs
 *   io/exit          its exit code                        it has ended
 *   io/drained       all its output is in io/stdout and io/stderr
 *   final.json       how it ended, for good
 * ```
 *
 * Files are replaced as a whole but not synced: what they describe does not survive a loss of power either, and the
 * machine's boot id tells that it happened.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import type { ContainerConfig } from '../runtime.ts';
import type { Command } from './entrypoint.ts';
import type { ProcessImage } from './image-registry.ts';
import { type ProcessStat, parseProcessStat } from './process-table.ts';

export interface ContainerRecord {
  id: string;
  sandboxId: string;
  podUid: string;
  config: ContainerConfig;
  image: ProcessImage;
  createdAtMs: number;
  bootId: string;
}

export interface FinalState {
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  message: string;
}

export class ContainerDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get io(): string {
    return join(this.path, 'io');
  }

  get root(): string {
    return join(this.path, 'root');
  }

  /** Links to the volumes, where they cannot be mounted. */
  get links(): string {
    return join(this.path, 'volumes');
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** `undefined` for a directory that was never completed. */
  readRecord(): ContainerRecord | undefined {
    return readJson(this.file('container.json')) as ContainerRecord | undefined;
  }

  readCommand(): Command | undefined {
    return readJson(this.file('command.json')) as Command | undefined;
  }

  readFinal(): FinalState | undefined {
    return readJson(this.file('final.json')) as FinalState | undefined;
  }

  writeJson(name: 'container.json' | 'command.json' | 'final.json', value: unknown): void {
    writeFileAtomically(this.file(name), JSON.stringify(value));
  }

  writeScript(name: string, content: string): void {
    writeFileSync(this.file(name), content, { mode: 0o600 });
  }

  markLaunched(): void {
    writeFileSync(join(this.io, 'launched'), '');
  }

  wasLaunched(): boolean {
    return existsSync(join(this.io, 'launched'));
  }

  /** The first process, as it was when the program was about to start. */
  readInit(): { stat: ProcessStat; atMs: number } | undefined {
    const line = this.#complete('init');
    const stat = line === undefined ? undefined : parseProcessStat(line.text);
    return stat === undefined ? undefined : { stat, atMs: line!.atMs };
  }

  readExit(): { code: number; atMs: number } | undefined {
    const line = this.#complete('exit');
    return line === undefined ? undefined : { code: Number(line.text), atMs: line.atMs };
  }

  isDrained(): boolean {
    return existsSync(join(this.io, 'drained'));
  }

  /** What the launch scripts complained of. */
  readError(): string {
    return (readOrNothing(join(this.io, 'error')) ?? '').trim();
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  /** A file of one line; `undefined` until the line is complete. */
  #complete(name: string): { text: string; atMs: number } | undefined {
    const path = join(this.io, name);
    const text = readOrNothing(path);
    if (text === undefined || !text.endsWith('\n')) return undefined;
    return { text: text.trim(), atMs: Math.floor(statSync(path).mtimeMs) };
  }
}

export function readJson(path: string): unknown {
  const text = readOrNothing(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Torn by a loss of power: as good as absent.
    return undefined;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
