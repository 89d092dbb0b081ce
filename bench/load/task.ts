/** What the parent asks a load generator to do, and what comes back. Both cross a process boundary as JSON. */

export interface LoadTarget {
  url: string;
  serverCa: string;
  cert: string;
  key: string;
}

export type LoadTask = { target: LoadTarget; namespace: string; ownerUid: string; sessions: number } & (
  | { kind: 'create'; clients: number; from: number; count: number }
  /** Objects of a kind with validation rules; its definition is there. */
  | { kind: 'create-ruled'; clients: number; from: number; count: number }
  /** Server-side apply of the Pods `web-0` … `web-(names-1)` in turn, each time with another annotation. */
  | { kind: 'apply'; clients: number; names: number; from: number; count: number }
  | { kind: 'get'; clients: number; names: number; count: number; accept?: string }
  | { kind: 'list'; times: number; accept?: string }
  /** `ratePerSecond` updates for `seconds`, spread over the Pods `web-0` … `web-(names-1)`, under `watchers` watchers. */
  | { kind: 'watch'; watchers: number; names: number; ratePerSecond: number; seconds: number }
);

export interface LoadResult {
  elapsedMs: number;
  /** Requests that were answered; of `watch`, updates. */
  requests: number;
  /** Of each request; of `watch`: from an update's answer until a watcher had its event, one for each watcher and update. */
  latenciesMs: number[];
}
