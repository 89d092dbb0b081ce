/**
 * Watches as they arrive at their clients, frame by frame: what checkers of watches ask for. Told apart from other events,
 * and only to who asks, since a busy cluster delivers many of them.
 */
import type { ApiRequest, WatchFrame } from '../../api/message.ts';

/** Hears of a watch when its answer arrives; what it returns hears of that watch until it ends. */
export type WatchObserver = (watch: OpenedWatch) => StreamObserver;

export interface OpenedWatch {
  /** `node-1/agent` */
  process: string;
  request: Pick<ApiRequest, 'method' | 'path' | 'query' | 'headers'>;
}

export interface StreamObserver {
  /** In the order of arrival; the client may not have read it yet. */
  delivered(frames: readonly WatchFrame[]): void;
  /** Once: the client stopped (or died), the server closed it in order, or the connection failed. */
  ended(by: 'client' | 'server' | 'failure'): void;
}

/** All of `observers` as one; `undefined` for none. */
export function joinWatchObservers(observers: ReadonlySet<WatchObserver>): WatchObserver | undefined {
  if (observers.size === 0) return undefined;
  return (watch) => {
    const streams = Array.from(observers, (observer) => observer(watch));
    return {
      delivered(frames) {
        for (const stream of streams) stream.delivered(frames);
      },
      ended(by) {
        for (const stream of streams) stream.ended(by);
      },
    };
  };
}
