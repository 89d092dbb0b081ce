/** The running container's own streams: what it writes from now on, and its standard input. */
import { closeSync, constants, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { abortable } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { ExecSession, StreamOptions } from '../runtime.ts';
import { SIGTERM } from '../signals.ts';
import type { LogStream } from './log-format.ts';
import type { ProcessContainer } from './process-container.ts';
import { readProcessStat, signalProcess } from './process-table.ts';
import { TerminalSize } from './terminal-size.ts';

const READ_BYTES = 64 * 1024;
const STDIN_RETRY_MS = 10;
/** @see pipe(7) */
const PIPE_BUF = 4096;

export function attachContainer(
  clock: Clock,
  container: ProcessContainer,
  options: StreamOptions,
  signal: AbortSignal,
): ExecSession {
  const leaving = new AbortController();
  const stopped = AbortSignal.any([signal, leaving.signal]);
  const { stdin, stdinOnce } = container.record.config;
  // A program that does not read must not stop the agent.
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const stdinFd = options.stdin && stdin ? openSync(join(container.directory.io, 'stdin'), flags) : undefined;
  let open = stdinFd !== undefined;
  const closeStdin = () => {
    if (!open || stdinFd === undefined) return;
    open = false;
    closeSync(stdinFd);
    if (stdinOnce) releaseStdin(container);
  };
  const exited = container.settled.then(() => container.status().exitCode);
  void exited.then(closeStdin);
  const terminal = new TerminalSize(clock, stopped);
  return {
    stdout: options.stdout ? tailRaw(container, 'stdout', stopped) : nothing(),
    stderr: options.stderr ? tailRaw(container, 'stderr', stopped) : nothing(),
    async writeStdin(chunk) {
      for (let rest = chunk; open && stdinFd !== undefined && rest.length > 0; ) {
        const written = writeSome(stdinFd, rest);
        rest = rest.subarray(written);
        if (written === 0) await clock.sleep(STDIN_RETRY_MS, stopped).catch(closeStdin);
      }
    },
    closeStdin,
    resize(columns, rows) {
      if (container.record.config.tty && container.init !== undefined)
        terminal.set(container.init, { columns, rows });
    },
    exited: abortable(exited, signal),
    close() {
      closeStdin();
      leaving.abort();
    },
  };
}

/** How much of `bytes` the pipe takes now. */
function writeSome(fd: number, bytes: Uint8Array): number {
  // Whole or not at all: what a pipe takes at once.
  const part = bytes.subarray(0, PIPE_BUF);
  try {
    return writeSync(fd, part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

/** The program then reads the end of its standard input. A container that ends meanwhile has let go of it by itself. */
function releaseStdin({ directory, init }: ProcessContainer): void {
  const holder = Number(readFileSync(join(directory.io, 'stdin.holder'), 'utf8'));
  const stat = holder > 0 ? readProcessStat(holder) : undefined;
  if (stat !== undefined && stat.sessionId === init?.sessionId) signalProcess(stat, SIGTERM);
}

/** From the moment of the call, not of the first read. */
function tailRaw(
  container: ProcessContainer,
  stream: LogStream,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = join(container.directory.io, stream);
  return readRaw({ container, stream, path, from: statSync(path).size }, signal);
}

async function* readRaw(
  {
    container,
    stream,
    path,
    from,
  }: { container: ProcessContainer; stream: LogStream; path: string; from: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = from;
  while (!signal.aborted) {
    const finished = container.log.finished;
    offset = Math.max(offset, container.log.punchedBefore(stream));
    const chunk = readAt(path, offset);
    offset += chunk.length;
    if (chunk.length > 0) yield chunk;
    else if (finished) return;
    else await rawChanged(container, signal);
  }
}

function readAt(path: string, offset: number): Buffer {
  const fd = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const length = readSync(fd, buffer, 0, READ_BYTES, offset);
  closeSync(fd);
  return buffer.subarray(0, length);
}

function rawChanged(container: ProcessContainer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = container.onOutput(done);
    signal.addEventListener('abort', done, { once: true });
  });
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
