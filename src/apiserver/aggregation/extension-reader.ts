/** How the API server asks extension API servers something itself, where it does not join a client to them. */
import type { ApiRequest, ApiResponse, TunnelTarget } from '../../api/message.ts';

export interface ExtensionReader {
  /**
   * GETs `target`. Redirects are answers like others.
   *
   * Rejects with {@link ExtensionReadError} when there is no answer within the target's timeout; with `signal.reason` once
   * `signal` aborts.
   */
  read(target: TunnelTarget, options: ExtensionReadOptions, signal: AbortSignal): Promise<ExtensionAnswer>;
  /**
   * Repeats a request of this process at `target`; the answer's body is bytes, as they come.
   *
   * @throws StatusError ServiceUnavailable when there is no answer
   */
  forward(target: TunnelTarget, request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
}

export interface ExtensionReadOptions {
  accept: string;
  answerBytesMax: number;
}

export interface ExtensionAnswer {
  status: number;
  contentType: string;
  /** UTF-8, supposedly; absent when there are too many of them. */
  body: Uint8Array | undefined;
}

/** Why there is no answer, in Go's words: `dial tcp 127.0.0.1:1: connect: connection refused`. */
export class ExtensionReadError extends Error {}
