/** The streams of the simulated runtime: exec, attach and port-forward, in virtual time. */
import { abortable } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import { AsyncQueue } from '../container-runtime/async-queue.ts';
import type { ByteStream, ExecSession } from '../container-runtime/runtime.ts';
import { exitCodeOfSignal, SIGKILL } from '../container-runtime/signals.ts';
import type { SimContainer } from './sim-container.ts';
import type { SimulatedExec } from './sim-program.ts';

const CHUNKS_MAX = 10_000;

/** A command that behaves as `plan` says; it dies with its container. */
export function newSimExecSession(plan: SimulatedExec, container: SimContainer, clock: Clock): ExecSession {
  const encoder = new TextEncoder();
  const stdout = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const stderr = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const exited = newDeferred<number>();
  const end = (code: number) => {
    stdout.close();
    stderr.close();
    exited.resolve(code);
  };
  const finish = () => {
    if (plan.stdout !== undefined) stdout.push(encoder.encode(plan.stdout));
    if (plan.stderr !== undefined) stderr.push(encoder.encode(plan.stderr));
    end(plan.exitCode);
  };
  if (plan.echo !== true && plan.takesMs === undefined) finish();
  else if (plan.takesMs !== undefined) clock.setTimer(plan.takesMs, finish);
  void container.exited.promise.then(() => end(exitCodeOfSignal(SIGKILL)));
  return {
    stdout,
    stderr,
    async writeStdin(chunk) {
      if (plan.echo === true) stdout.push(chunk);
    },
    closeStdin() {
      if (plan.echo === true) finish();
    },
    resize() {},
    exited: exited.promise,
    close: () => end(exitCodeOfSignal(SIGKILL)),
  };
}

/** The container's output from now on. */
export function newSimAttachSession(container: SimContainer, signal: AbortSignal): ExecSession {
  const stdout = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const stderr = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const closing = new AbortController();
  const stopped = AbortSignal.any([signal, closing.signal]);
  const exited = copyLog(container, { stdout, stderr }, stopped).then(() => container.status().exitCode);
  return {
    stdout,
    stderr,
    async writeStdin() {},
    closeStdin() {},
    resize() {},
    exited: abortable(exited, signal),
    close: () => closing.abort(),
  };
}

async function copyLog(
  container: SimContainer,
  queues: { stdout: AsyncQueue<Uint8Array>; stderr: AsyncQueue<Uint8Array> },
  signal: AbortSignal,
): Promise<void> {
  for (let next = container.log.length; !signal.aborted; ) {
    for (; next < container.log.length; next++) {
      const record = container.log[next]!;
      queues[record.stream].push(record.line);
    }
    if (container.state !== 'running') break;
    await container.logChanged(signal);
  }
  queues.stdout.close();
  queues.stderr.close();
}

/** A connection to a simulated port: what is written comes back. */
export function newSimConnection(): ByteStream {
  const readable = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  return {
    readable,
    async write(chunk) {
      readable.push(chunk);
    },
    end: () => readable.close(),
    destroy: () => readable.close(),
  };
}
