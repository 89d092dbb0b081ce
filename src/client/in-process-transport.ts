/** A Transport to the API server in the same process: no socket, no bytes, the server's own frozen objects. */
import type { ApiRequest, ApiResponse, Transport, UserInfo } from '../api/message.ts';

/** The server's entry, as a function; never rejects with an operating error: failures are responses. */
export type RequestFunction = (request: ApiRequest, signal: AbortSignal) => Promise<ApiResponse>;

/** Speaks as `user`, whom the server believes without further proof: only composition roots call this. */
export function newInProcessTransport(handle: RequestFunction, user: UserInfo): Transport {
  const peer = { kind: 'internal', user } as const;
  return {
    send(request, signal) {
      return handle({ ...request, peer }, signal);
    },
  };
}
