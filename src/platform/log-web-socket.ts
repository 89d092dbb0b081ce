/**
 * A log over WebSocket, one way: each message is a piece of it, as bytes or, where the client asks for that, in base64.
 * @see k8s.io/apiserver/pkg/util/wsstream/stream.go
 */
import type { WebSocket } from 'ws';
import { toBase64 } from '../base/base64.ts';

const BASE64 = 'base64.binary.k8s.io';
const LOG_PROTOCOLS: readonly string[] = ['binary.k8s.io', BASE64];

/** The first of ours that the client offers; none is bytes, too. */
export function chooseLogProtocol(offered: readonly string[]): string | undefined {
  return LOG_PROTOCOLS.find((protocol) => offered.includes(protocol));
}

/** Resolves when the log has ended, or the client has gone. */
export async function sendLog(
  socket: WebSocket,
  chunks: AsyncIterable<Uint8Array>,
  gone: AbortSignal,
): Promise<void> {
  const encode = socket.protocol === BASE64 ? toBase64 : (bytes: Uint8Array) => bytes;
  try {
    for await (const chunk of chunks) {
      await new Promise<void>((resolve, reject) => {
        socket.send(encode(chunk), (error) => (error ? reject(error) : resolve()));
      });
    }
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    socket.close(1000);
  }
}
