/**
 * A request to the API server and its response, as values: what crosses between the HTTPS adapter (or the in-process
 * transport) and `apiserver`, which itself never sees a socket.
 *
 * In-process callers get the frozen objects themselves; the HTTPS adapter writes the bytes that were encoded at commit.
 */
export interface ApiRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** The path as received, percent-encoding kept, without the query. */
  path: string;
  query: URLSearchParams;
  /** The query as received, without the question mark; absent in the same process. */
  rawQuery?: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: RequestBody;
  peer: Peer;
}

export type RequestBody =
  | { kind: 'none' }
  | { kind: 'bytes'; bytes: Uint8Array }
  /** Not read yet: for what a `proxy` subresource leads to. */
  | { kind: 'stream'; chunks: AsyncIterable<Uint8Array> }
  /** From the same process: a value that nobody changes any more. */
  | { kind: 'object'; value: unknown };

/** Who is at the other end, as far as the connection itself proves it. Bearer tokens are in the headers. */
export type Peer =
  /** The same process, speaking as `user`: made only by composition roots. */
  | { kind: 'internal'; user: UserInfo }
  | { kind: 'remote'; address: string; certificate: PeerCertificate | undefined };

/** A client certificate; `trusted` tells whether the TLS layer verified it against the cluster's client CA. */
export interface PeerCertificate {
  commonName: string;
  organizations: string[];
  trusted: boolean;
  notAfterMs: number;
  fingerprint: string;
}

/** @see authentication.k8s.io/v1 UserInfo */
export interface UserInfo {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case. `content-type` is always there when there is a body. */
  headers: Record<string, string>;
  body: ResponseBody;
}

export type ResponseBody =
  | { kind: 'none' }
  /** One JSON value; `bytes` encodes it, or returns the bytes encoded at commit. */
  | { kind: 'object'; value: unknown; bytes(): Uint8Array }
  /** A whole list: `value` for callers in the process; `chunks` writes it from the committed bytes, piece by piece. */
  | { kind: 'list'; value: { metadata: ListMeta; items: readonly unknown[] }; chunks(): Iterable<Uint8Array> }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'stream'; chunks: AsyncIterable<Uint8Array> }
  | { kind: 'watch'; frames: AsyncIterable<readonly WatchFrame[]> }
  /**
   * Hand the connection over: the adapter opens the target, repeats the request there and joins the two byte streams. The
   * answer is what comes from there, with the headers of this one.
   */
  | {
      kind: 'tunnel';
      target: TunnelTarget;
      /** To be called with the status of what came from there, or came instead. */
      onAnswered?: (status: number) => void;
      /** To be called once when the joined connection, or the answer that came instead, has ended. */
      onClosed?: () => void;
    };

export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

/** One event of a watch. `bytes` is the whole line, line feed included; it may be shared between watchers. */
export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
  bytes(): Uint8Array;
}

/** A node agent's own HTTPS port, for exec, attach, port-forward and logs; or what a `proxy` subresource leads to. */
export interface TunnelTarget {
  host: string;
  port: number;
  path: string;
  /** The query to repeat, without the question mark. */
  query: string;
  /** For messages: `node "worker-1"`. */
  description: string;
  proxied?: ProxiedTarget;
  extension?: ExtensionTarget;
}

/** An extension API server, which believes the API server about who asks. */
export interface ExtensionTarget {
  /** `NAME.NAMESPACE.svc`: what its certificate must be for. */
  serverName: string;
  /** PEM: who may have signed that. `machine`: whom this machine trusts; `nobody`: it is not looked at. */
  trust: { caBundle: string } | 'machine' | 'nobody';
  /** Names in lower case. */
  identity: Readonly<Record<string, readonly string[]>>;
  /** When the answer must have ended; absent: never. */
  timeoutMs?: number;
}

/** What the client speaks to through a `proxy` subresource, as through any reverse proxy. */
export interface ProxiedTarget {
  /** `agent`: the node's, which the server authenticates and shows its own certificate to; others stay strangers. */
  scheme: 'agent' | 'http' | 'https';
  /** The public path under which the target's `/` is seen, without a slash at its end. */
  prefix: string;
}

/** Sends a request to an API server: in the same process or over HTTPS. */
export interface Transport {
  /**
   * Resolves with the response's head as soon as it is known; a streaming body ends when `signal` aborts.
   * Rejects with StatusError `ServiceUnavailable` when the server cannot be reached.
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
}
