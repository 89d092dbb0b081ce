/** The door of a server that listens before it can answer. */
import type { ApiRequest, ApiResponse } from '../api/message.ts';
import { isExtensionPath } from '../apiserver/aggregation/extension-response.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import { StatusError } from '../base/status-error.ts';

/** Before the API server is there, every request is told to come again. */
export function newServerGate() {
  let target: Pick<ApiServer, 'handle' | 'aggregation'> | undefined;
  return {
    get isReady() {
      return target !== undefined;
    },
    open(api: NonNullable<typeof target>) {
      target = api;
    },
    /** Whether a request's body is for somebody else to read. */
    isForExtension(path: string): boolean {
      return target !== undefined && isExtensionPath(target.aggregation.view, path);
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
