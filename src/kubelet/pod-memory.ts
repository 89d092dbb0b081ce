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

/** Nothing is under way and nothing has to be known later: a new one says the same. */
export function isForgettable(memory: PodMemory): boolean {
  return Object.values(
    memory as unknown as Record<string, number | Set<string> | Map<string, unknown>>,
  ).every((held) => (typeof held === 'number' ? held === 0 : held.size === 0));
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
