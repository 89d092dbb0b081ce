/** What a Pod's worker remembers between two looks: operations under way and how the last ones ended. Lost with the agent. */
import type { ImageBackoffs } from './image-puller.ts';
import type { StartFailure } from './pod-observation.ts';

export interface PodMemory {
  /** Container names, and the keys of pod-observation.ts, with an operation under way. */
  inFlight: Set<string>;
  startFailures: Map<string, StartFailure>;
  postStartPending: Set<string>;
  killedForChange: Set<string>;
  imageBackoffs: ImageBackoffs;
  sandboxRetryAtMs: number;
  sandboxBackoffMs: number;
  volumesRetryAtMs: number;
  volumesBackoffMs: number;
  /** Termination messages by container id. */
  messages: Map<string, string>;
  /** The waiting reason last told in an Event, by container name. */
  toldWaiting: Map<string, string>;
}

export function newPodMemory(): PodMemory {
  return {
    inFlight: new Set(),
    startFailures: new Map(),
    postStartPending: new Set(),
    killedForChange: new Set(),
    imageBackoffs: new Map(),
    sandboxRetryAtMs: 0,
    sandboxBackoffMs: 0,
    volumesRetryAtMs: 0,
    volumesBackoffMs: 0,
    messages: new Map(),
    toldWaiting: new Map(),
  };
}
