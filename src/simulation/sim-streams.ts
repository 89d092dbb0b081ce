/** The streams of the simulated runtime: exec, attach and port-forward, in the container's own time. */
import { abortable, newScope } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import { AsyncQueue } from '../container-runtime/async-queue.ts';
import type { ByteStream, ExecSession } from '../container-runtime/runtime.ts';
import { exitCodeOfSignal, SIGKILL } from '../container-runtime/signals.ts';
import type { SimContainer } from './sim-container.ts';
import type { SimulatedExec } from './sim-program.ts';

const CHUNKS_MAX = 10_000;

interface Patience {
  /** Of the container's own time; infinite to wait for its end. */
  takesMs: number;
  /** Of the caller's time; infinite to wait for ever. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** Waits until a running container has lived through `takesMs`, has ended, or the caller's patience has. */
export async function elapse(
  container: SimContainer,
  clock: Clock,
  { signal, takesMs, timeoutMs }: Patience,
): Promise<'done' | 'ended' | 'timeout'> {
  signal.throwIfAborted();
  if (container.state !== 'running') return 'ended';
  if (takesMs === 0 && !container.isHeld) return 'done';
  const waiting = newDeferred<'done' | 'ended' | 'timeout'>();
  const onAbort = () => waiting.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  const timer =
    timeoutMs === Number.POSITIVE_INFINITY
      ? undefined
      : clock.setTimer(timeoutMs, () => waiting.resolve('timeout'));
  const forget = container.after(takesMs, {
    run: () => waiting.resolve('done'),
    abandon: () => waiting.resolve('ended'),
  });
  try {
    return await waiting.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    timer?.cancel();
    forget();
  }
}

/** A command that behaves as `plan` says; it dies with its container. */
export function newSimExecSession(plan: SimulatedExec, container: SimContainer): ExecSession {
  const encoder = new TextEncoder();
  const stdout = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const stderr = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const exited = newDeferred<number>();
  const end = (code: number) => {
    forget();
    stdout.close();
    stderr.close();
    exited.resolve(code);
  };
  const kill = () => end(exitCodeOfSignal(SIGKILL));
  const finish = () => {
    if (plan.stdout !== undefined) stdout.push(encoder.encode(plan.stdout));
    if (plan.stderr !== undefined) stderr.push(encoder.encode(plan.stderr));
    end(plan.exitCode);
  };
  const endsByItself = plan.echo !== true || plan.takesMs !== undefined;
  const takesMs = endsByItself ? (plan.takesMs ?? 0) : Number.POSITIVE_INFINITY;
  const forget = container.after(takesMs, { run: finish, abandon: kill });
  return {
    stdout,
    stderr,
    async writeStdin(chunk) {
      if (plan.echo === true && !container.isHeld) stdout.push(chunk);
    },
    closeStdin() {
      if (plan.echo === true) finish();
    },
    resize() {},
    exited: exited.promise,
    close: kill,
  };
}

/** The container's output from now on. */
export function newSimAttachSession(container: SimContainer, signal: AbortSignal): ExecSession {
  const stdout = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const stderr = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const closing = newScope(signal);
  const stopped = closing.signal;
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
  const { log } = container;
  for (let next = log.end; !signal.aborted; ) {
    for (; next < log.end; next++) {
      next = Math.max(next, log.first);
      const record = log.at(next)!;
      queues[record.stream].push(record.line);
    }
    if (container.state !== 'running') break;
    await log.changed(signal);
  }
  queues.stdout.close();
  queues.stderr.close();
}

/** A connection to a simulated port: what is written comes back, until the process hangs; it ends with it. */
export function newSimConnection(container: SimContainer): ByteStream {
  const readable = new AsyncQueue<Uint8Array>(CHUNKS_MAX);
  const close = () => {
    forget();
    readable.close();
  };
  const forget = container.onEnd(() => readable.close());
  return {
    readable,
    async write(chunk) {
      if (!container.isHeld) readable.push(chunk);
    },
    end: close,
    destroy: close,
  };
}
