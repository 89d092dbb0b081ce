/**
 * A program that a test runs beside itself and watches: its output so far, what comes next, its end.
 *
 * Whatever still runs when the test's process ends is killed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  readonly pid: number;
  readonly exited: Promise<CommandEnd>;
  readonly isRunning: boolean;
  stdout(): string;
  stderr(): string;
  /** Writes to standard input. */
  write(text: string | Uint8Array): void;
  closeInput(): void;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the match once standard output matches; rejects, with all output, when the program ends before. */
  untilOutput(pattern: RegExp): Promise<RegExpExecArray>;
  /** As {@link untilOutput}, of standard error. */
  untilError(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

const OUTPUT_DEADLINE_MS = 60_000;

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => void child.kill('SIGKILL')));

export function startCommand(
  program: string,
  args: readonly string[],
  { env = process.env, cwd = '/' }: CommandOptions = {},
): RunningCommand {
  const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  const output = { stdout: collect(child.stdout), stderr: collect(child.stderr) };
  child.stdin.on('error', () => {}); // one that has ended reads no more
  const exited = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, stdout: output.stdout(), stderr: output.stderr() });
    });
  });
  const until = async (stream: 'stdout' | 'stderr', pattern: RegExp) => {
    const read = output[stream];
    for (const deadline = performance.now() + OUTPUT_DEADLINE_MS; ; ) {
      const match = pattern.exec(read());
      if (match !== null) return match;
      const said = `stdout:\n${output.stdout()}\nstderr:\n${output.stderr()}`;
      assert.ok(running.has(child), `ended before ${stream} matched ${pattern}\n${said}`);
      const leftMs = deadline - performance.now();
      assert.ok(leftMs > 0, `${stream} did not match ${pattern} in time\n${said}`);
      await nextChunk(child, stream, leftMs);
    }
  };
  return {
    pid: child.pid!,
    exited,
    get isRunning() {
      return running.has(child);
    },
    ...output,
    write: (text) => void child.stdin.write(text),
    closeInput: () => child.stdin.end(),
    signal: (name) => void child.kill(name),
    untilOutput: (pattern) => until('stdout', pattern),
    untilError: (pattern) => until('stderr', pattern),
  };
}

/** Runs a program to its end, with `input` on standard input. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions & { input?: string | Uint8Array } = {},
): Promise<CommandEnd> {
  const command = startCommand(program, args, options);
  if (options.input !== undefined) command.write(options.input);
  command.closeInput();
  return command.exited;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function nextChunk(child: ChildProcess, stream: 'stdout' | 'stderr', limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      child[stream]!.off('data', done);
      child.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, limitMs);
    child[stream]!.on('data', done);
    child.on('close', done);
  });
}
