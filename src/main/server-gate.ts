/** The door of a server that listens before it can answer. */
import type { ApiRequest, ApiResponse } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';

/** Before the API server is there, every request is told to come again. */
export function newServerGate() {
  let target: { handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> } | undefined;
  return {
    get isReady() {
      return target !== undefined;
    },
    open(api: NonNullable<typeof target>) {
      target = api;
    },
    handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
      if (target !== undefined) return target.handle(request, signal);
      return Promise.reject(
        new StatusError('ServiceUnavailable', 'the API server is starting', {
          details: { retryAfterSeconds: 1 },
        }),
      );
    },
  };
}
