/** The sending side of a request in the three forms that a connection can have. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ResponseSink } from './https-response.ts';

/** How long a client that was refused half-way through its body may go on sending before it is cut off. */
const LINGER_MS = 1_000;

export function newHttp2Sink(stream: ServerHttp2Stream): ResponseSink {
  // A stream reset by the client is an error event; its request's signal tells whoever must know.
  stream.on('error', () => {});
  return {
    writable: stream,
    begin(status, headers, bodyFollows) {
      if (stream.destroyed) return;
      const isUnread = !stream.endAfterHeaders && !stream.readableEnded;
      if (isUnread) stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
      stream.respond({ ':status': status, ...headers }, { endStream: !bodyFollows });
    },
    breakOff: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  };
}

export function newHttp1Sink(response: ServerResponse, hasBody: boolean): ResponseSink {
  response.on('error', () => {});
  return {
    writable: response,
    begin(status, headers) {
      if (response.destroyed) return;
      const isUnread = hasBody && !response.req.complete;
      if (isUnread) {
        response.shouldKeepAlive = false;
        response.once('finish', () => endUnread(response.req.socket));
      }
      response.writeHead(status, headers);
      if (headers['content-length'] === undefined) response.flushHeaders();
    },
    breakOff: () => void response.destroy(),
  };
}

/** Answers an upgrade request with an ordinary response, after which the connection ends. */
export function newUpgradeSink(response: ServerResponse, socket: Duplex): ResponseSink {
  let isAttached = false;
  // Until then the socket may become a tunnel's, and is watched for the client's going.
  return {
    get writable() {
      return isAttached ? response : socket;
    },
    begin(status: number, headers: OutgoingHttpHeaders) {
      isAttached = true;
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Socket);
      response.writeHead(status, { ...headers, connection: 'close' });
      response.once('finish', () => socket.end());
    },
    breakOff: () => void socket.destroy(),
  };
}

const PARSE_FAILURES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers what is no HTTP/1.1 request, and closes. */
export function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = PARSE_FAILURES[error.code ?? ''] ?? '400 Bad Request';
  socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  // Read on, or what is still on its way would reset the connection before the answer is read.
  socket.removeAllListeners('data');
  socket.on('data', () => {});
  endUnread(socket as Socket);
}

/** The client is still sending a body that nobody wants: give it time to read the answer, then close. */
function endUnread(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
}
