import type net from 'node:net';

/**
 * Closes `socket` at once, as a reset that the peer cannot take for an orderly end.
 *
 * A socket that has said its end already is closed plainly: libuv refuses to reset while the FIN is being sent, and
 * Node 24 then never closes the handle.
 */
export function resetSocket(socket: net.Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
