/** How webhooks are reached: what the server needs of the network. `platform/webhook-transport.ts` has HTTPS. */

export interface WebhookTransport {
  /**
   * Sends `post` and reads the whole answer. Redirects are answers like others: nobody is led anywhere.
   *
   * Rejects with {@link WebhookTransportError} when there is no answer, or none of at most `answerBytesMax` bytes; with
   * `signal.reason` once `signal` aborts, and then holds nothing any more.
   */
  send(post: WebhookPost, signal: AbortSignal): Promise<WebhookAnswer>;
}

export interface WebhookPost {
  /** `https://host[:port]/path?query`. */
  url: string;
  /** Where to connect; absent: where the URL says. */
  address?: WebhookAddress;
  /** PEM: who may have signed the listener's certificate. Absent: whom this machine trusts. */
  caBundle?: string;
  /** Who asks; absent: nobody in particular. */
  credentials?: WebhookCredentials;
  /** JSON. */
  body: string;
  answerBytesMax: number;
}

/** PEM, a bearer token, or both. */
export interface WebhookCredentials {
  cert?: string;
  key?: string;
  token?: string;
}

export interface WebhookAddress {
  host: string;
  port: number;
}

export interface WebhookAnswer {
  status: number;
  /** UTF-8, supposedly. */
  body: Uint8Array;
}

/** Why there is no answer, in Go's words: `dial tcp 127.0.0.1:1: connect: connection refused`. */
export class WebhookTransportError extends Error {}
