/**
 * Port-forward over WebSocket channels, as client libraries without SPDY speak it: the i-th port of the request has channel 2i
 * for its data and 2i+1 for what goes wrong, and each begins with the port's number in two bytes, the lower one first. One
 * connection for each port; the WebSocket ends with the last of them.
 *
 * @see k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go
 */
import type { WebSocket } from 'ws';
import type { Logger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import type { ByteStream } from '../container-runtime/runtime.ts';
import type { AgentStream } from '../kubelet/server/agent-api.ts';
import { receiveOneByOne } from './message-receiver.ts';

type PortForward = Extract<AgentStream, { kind: 'portForward' }>;

export const CHANNELS_PROTOCOL = 'v4.channel.k8s.io';
/** Channels are told by one byte. */
const PORTS_MAX = 128;

/** Those of `?port=80&port=443` or `?port=80,443`, as the API server asks. @throws StatusError BadRequest */
export function portsOf(query: URLSearchParams): number[] {
  const names = query.getAll('port').flatMap((ports) => ports.split(','));
  const ports = names.map(Number);
  if (ports.length === 0) throw new StatusError('BadRequest', 'query parameter "port" is required');
  const wrong = names.find((_, index) => !isPort(ports[index]!));
  if (wrong !== undefined) throw new StatusError('BadRequest', `"${wrong}" is not a port`);
  if (ports.length > PORTS_MAX) throw new StatusError('BadRequest', `at most ${PORTS_MAX} ports at once`);
  return ports;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Resolves when every connection has ended, or the client has gone. */
export async function forwardOnChannels(
  socket: WebSocket,
  { target, ports }: { target: PortForward; ports: readonly number[] },
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const scope = AbortSignal.any([signal, gone.signal]);
  const leave = () => gone.abort(new Error('the client went away'));
  socket.on('close', leave);
  socket.on('error', leave);
  const send = (channel: number, bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const message = Buffer.concat([Buffer.from([channel]), bytes]);
      socket.send(message, (error) => (error ? reject(error) : resolve()));
    });
  const dials = ports.map((port) => target.dial(port, scope));
  for (const dial of dials) dial.catch(() => {}); // told by forwardPort
  receiveOneByOne(
    socket,
    (data) => deliver(data, dials),
    (error) => log.debug('what a client sent did not arrive', { error }),
  );
  await Promise.all(
    ports.map((port, index) => forwardPort({ dial: dials[index]!, port, index, send }, scope)),
  ).catch((error: unknown) => {
    if (!scope.aborted) log.debug('a forwarded connection broke', { error });
  });
  leave();
  socket.close();
}

interface ForwardedPort {
  dial: Promise<ByteStream>;
  port: number;
  index: number;
  send: (channel: number, bytes: Uint8Array) => Promise<void>;
}

async function forwardPort({ dial, port, index, send }: ForwardedPort, signal: AbortSignal): Promise<void> {
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  await send(2 * index, number);
  await send(2 * index + 1, number);
  let connection: ByteStream;
  try {
    connection = await dial;
  } catch (problem) {
    const text = problem instanceof Error ? problem.message : String(problem);
    await send(2 * index + 1, Buffer.from(`error forwarding port ${port} to pod: ${text}`));
    return;
  }
  const destroy = () => connection.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  try {
    for await (const bytes of connection.readable) await send(2 * index, bytes);
  } finally {
    signal.removeEventListener('abort', destroy);
    destroy();
  }
}

/** What a client sends on a data channel, to that channel's connection; it says nothing on others. */
async function deliver(data: Buffer, dials: readonly Promise<ByteStream>[]): Promise<void> {
  const channel = data[0] ?? 1;
  const dial = channel % 2 === 0 ? dials[channel / 2] : undefined;
  await (await dial)?.write(data.subarray(1));
}
