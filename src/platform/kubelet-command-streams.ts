/**
 * exec and attach: joins a command's streams with a client, over WebSocket channels or over SPDY streams.
 *
 * Whoever ends first ends the other: the command's exit is told as a Status and the connection closed; a client that goes
 * away closes the session.
 */
import type { WebSocket } from 'ws';
import { aborted } from '../base/abort.ts';
import { newDeferred } from '../base/deferred.ts';
import type { Logger } from '../base/logger.ts';
import { type ExecSession, RuntimeError, type StreamOptions } from '../container-runtime/runtime.ts';
import type { AgentStream } from '../kubelet/server/agent-api.ts';
import {
  channelMessage,
  ERROR,
  exitStatus,
  failureStatus,
  parseClientMessage,
  parseResize,
  plainStatus,
  STDERR,
  STDOUT,
} from '../kubelet/server/exec-channels.ts';
import type { SpdyStream } from './spdy/connection.ts';

type Command = Extract<AgentStream, { kind: 'command' }>;

/** Where a command's output and its end go. */
interface CommandOutputs {
  stdout(bytes: Uint8Array): Promise<void>;
  stderr(bytes: Uint8Array): Promise<void>;
  status(status: object): Promise<void>;
}

/** Pumps until the command has ended and everything it wrote has been sent. Rejects at once when that cannot be done. */
async function pumpOutputs(
  session: ExecSession,
  options: StreamOptions,
  outputs: CommandOutputs,
): Promise<void> {
  const pump = async (from: AsyncIterable<Uint8Array>, to: (bytes: Uint8Array) => Promise<void>) => {
    for await (const bytes of from) await to(bytes);
  };
  const pumps: Promise<void>[] = [];
  if (options.stdout) pumps.push(pump(session.stdout, (bytes) => outputs.stdout(bytes)));
  if (options.stderr && !options.tty) pumps.push(pump(session.stderr, (bytes) => outputs.stderr(bytes)));
  const [exitCode] = await Promise.all([session.exited, ...pumps]);
  await outputs.status(exitStatus(exitCode));
}

function describe(error: unknown): object {
  const text = error instanceof Error ? error.message : String(error);
  return failureStatus(`Internal error occurred: error executing command in container: ${text}`);
}

/** Serves one command on an open WebSocket; resolves when it is over. */
export async function serveCommandOnWebSocket(
  socket: WebSocket,
  command: Command,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const scope = AbortSignal.any([signal, gone.signal]);
  socket.on('close', () => gone.abort(new Error('the client went away')));
  socket.on('error', (error) => gone.abort(error));
  const send = (channel: number, bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(channelMessage(channel, bytes), (error) => (error ? reject(error) : resolve()));
    });
  const outputs: CommandOutputs = {
    stdout: (bytes) => send(STDOUT, bytes),
    stderr: (bytes) => send(STDERR, bytes),
    async status(status) {
      const text = socket.protocol === 'channel.k8s.io' ? plainStatus(status) : JSON.stringify(status);
      if (text !== '') await send(ERROR, Buffer.from(text));
    },
  };
  const { options } = command;
  try {
    // Tells the client that the connection stands.
    await send(options.stdout ? STDOUT : options.stderr ? STDERR : ERROR, new Uint8Array());
    // What a client sends at once waits until there is a command to take it.
    socket.pause();
    const session = await command.open(scope);
    socket.on('message', (data: Buffer) => onClientMessage(socket, session, data));
    socket.resume();
    void aborted(scope).then(() => session.close());
    await pumpOutputs(session, options, outputs);
  } catch (error) {
    // A client that is about to go takes no more, either.
    if (scope.aborted || socket.readyState !== socket.OPEN) return;
    if (!(error instanceof RuntimeError)) log.warn('a command stream failed', { error });
    await outputs.status(describe(error)).catch(() => {});
  } finally {
    socket.close(1000);
  }
}

function onClientMessage(socket: WebSocket, session: ExecSession, data: Buffer): void {
  const message = parseClientMessage(data);
  if (message.is === 'stdinClosed') session.closeStdin();
  else if (message.is === 'resize') session.resize(message.columns, message.rows);
  else if (message.is === 'stdin') {
    // One message at a time: what the command does not read yet waits in the client.
    socket.pause();
    session.writeStdin(message.bytes).then(
      () => socket.resume(),
      () => socket.resume(),
    );
  }
}

/** The streams that a client opens for a command, by their `streamtype`. */
interface CommandStreams {
  error: SpdyStream;
  stdin?: SpdyStream;
  stdout?: SpdyStream;
  stderr?: SpdyStream;
  resize?: SpdyStream;
}

/** The client must have opened its streams by then. @see kubelet streamCreationTimeout */
const STREAMS_TIMEOUT_MS = 30_000;

/** Collects the streams that `options` call for; give `onStream` to the connection. */
export function newCommandStreamCollector(options: StreamOptions): {
  onStream(stream: SpdyStream): void;
  streams: Promise<CommandStreams>;
} {
  const wanted = ['error'];
  if (options.stdin) wanted.push('stdin');
  if (options.stdout) wanted.push('stdout');
  if (options.stderr && !options.tty) wanted.push('stderr');
  if (options.tty) wanted.push('resize');
  const found: Partial<Record<string, SpdyStream>> = {};
  const complete = newDeferred<CommandStreams>();
  const timer = setTimeout(
    () => complete.reject(new Error('the client opened too few streams')),
    STREAMS_TIMEOUT_MS,
  );
  timer.unref();
  return {
    onStream(stream) {
      found[stream.headers.get('streamtype') ?? ''] = stream;
      if (!wanted.every((name) => found[name] !== undefined)) return;
      clearTimeout(timer);
      complete.resolve(found as unknown as CommandStreams);
    },
    streams: complete.promise,
  };
}

/** Serves one command on the client's SPDY streams; resolves when it is over. */
export async function serveCommandOnSpdy(
  streams: CommandStreams,
  command: Command,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { error, resize, stderr, stdin, stdout } = streams;
  const outputs: CommandOutputs = {
    stdout: async (bytes) => stdout?.write(bytes),
    stderr: async (bytes) => stderr?.write(bytes),
    status: (status) => error.write(Buffer.from(JSON.stringify(status))),
  };
  try {
    const session = await command.open(signal);
    void aborted(signal).then(() => session.close());
    if (stdin !== undefined) void pumpStdin(stdin, session);
    if (resize !== undefined) void pumpSizes(resize, session);
    await pumpOutputs(session, command.options, outputs);
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof RuntimeError)) log.warn('a command stream failed', { error: problem });
    await outputs.status(describe(problem)).catch(() => {});
  } finally {
    for (const stream of [stdout, stderr, error]) await stream?.end().catch(() => {});
  }
}

async function pumpStdin(stdin: SpdyStream, session: ExecSession): Promise<void> {
  try {
    for await (const bytes of stdin) await session.writeStdin(bytes);
  } catch {
    // The command reads no more; what the client still sends is dropped with the stream.
  }
  session.closeStdin();
}

async function pumpSizes(resize: SpdyStream, session: ExecSession): Promise<void> {
  for await (const bytes of resize) {
    const message = parseResize(bytes);
    if (message.is === 'resize') session.resize(message.columns, message.rows);
  }
}
