/** What a client sends over a WebSocket, one message at a time: what cannot be taken yet waits in the client. */
import type { WebSocket } from 'ws';

/** @param onFailure  of a `take`; the next message is taken all the same, unless it ends the connection */
export function receiveOneByOne(
  socket: WebSocket,
  take: (data: Buffer) => Promise<void>,
  onFailure: (error: unknown) => void,
): void {
  let receiving = Promise.resolve();
  socket.on('message', (data: Buffer) => {
    socket.pause();
    receiving = receiving
      .then(() => take(data))
      .catch(onFailure)
      .then(() => socket.resume());
  });
}
