/**
 * Joins two sockets into one connection: bytes both ways under back-pressure, a half-close passed on as a half-close,
 * a reset as a reset. Both sockets must have been opened with `allowHalfOpen`.
 */
import type net from 'node:net';
import { resetSocket } from './reset-socket.ts';

/** Resolves when both sockets are closed; never rejects. */
export async function splice(client: net.Socket, endpoint: net.Socket): Promise<void> {
  const closed = Promise.all([whenClosed(client, endpoint), whenClosed(endpoint, client)]);
  client.pipe(endpoint);
  endpoint.pipe(client);
  await closed;
}

/** When `socket` closes before it has ended both ways, the other side is reset: it must not take a cut for an end. */
function whenClosed(socket: net.Socket, other: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    const onClose = () => {
      const isOrderly = socket.readableEnded && socket.writableFinished;
      if (!isOrderly) resetSocket(other);
      resolve();
    };
    if (socket.destroyed) onClose();
    else socket.once('close', onClose);
  });
}
