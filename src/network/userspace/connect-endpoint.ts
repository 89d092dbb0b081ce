/**
 * Opens a connection to the first endpoint of an order that accepts one. No byte of the client has been read when this
 * runs, so trying another endpoint repeats nothing.
 */
import net from 'node:net';
import type { RouteEndpoint } from '../dataplane.ts';

export type ConnectResult = { socket: net.Socket; endpoint: RouteEndpoint } | undefined;

export interface ConnectOptions {
  timeoutMs: number;
  attemptsMax: number;
  /** Called for each endpoint that refused, was unreachable or did not answer in time. */
  onFailed(endpoint: RouteEndpoint): void;
}

/** Tries `order` one after another, each once; `undefined` when none accepted or `signal` aborted. */
export async function connectEndpoint(
  order: readonly RouteEndpoint[],
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<ConnectResult> {
  for (const endpoint of order.slice(0, options.attemptsMax)) {
    const socket = await connectOnce(endpoint, options.timeoutMs, signal);
    if (signal.aborted) {
      socket?.destroy();
      return undefined;
    }
    if (socket !== undefined) return { socket, endpoint };
    options.onFailed(endpoint);
  }
  return undefined;
}

function connectOnce(
  endpoint: RouteEndpoint,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({
      host: endpoint.ip,
      port: endpoint.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    });
    let isDone = false;
    const finish = (connected: boolean) => {
      if (isDone) return;
      isDone = true;
      socket.setTimeout(0);
      socket.off('timeout', onGiveUp);
      signal.removeEventListener('abort', onGiveUp);
      if (!connected) socket.destroy();
      resolve(connected ? socket : undefined);
    };
    const onGiveUp = () => finish(false);
    socket.once('connect', () => finish(true));
    // Stays for the connection's life: later errors show as `close`, to which the splice reacts.
    socket.on('error', onGiveUp);
    socket.once('timeout', onGiveUp);
    socket.setTimeout(timeoutMs);
    signal.addEventListener('abort', onGiveUp);
    if (signal.aborted) onGiveUp();
  });
}

/** A peer that vanished without a word is noticed after this and the kernel's nine probes, 75 s apart. */
export const KEEP_ALIVE_DELAY_MS = 60_000;
