/**
 * What must hold of a simulated cluster, said by somebody who does not ask its components. A checker hears everything that
 * happens and looks at the world itself: what is durable, what runs, what is routed.
 *
 * Safety is reported the moment it is broken, also while faults are on. Liveness is asked for, once faults have stopped and
 * time has passed. Checkers run on millions of events: each keeps only what its own question needs, and does constant work
 * for an event.
 */

import type { WatchObserver } from '../world/watch-observer.ts';
import type { World } from '../world/world.ts';
import type { WorldEvent } from '../world/world-event.ts';
import type { CalmTime } from './calm-time.ts';
import type { PodBook } from './pod-book.ts';
import type { WantedScale } from './wanted-scale.ts';

export interface Checker {
  onEvent?(event: WorldEvent): void;
  /** Hears of watches as they arrive at their clients. Only for who needs it: it costs. */
  onWatch?: WatchObserver;
  /** Why what is desired is not observed, one line each; only meant once faults have stopped and time has passed. */
  unconverged?(): readonly string[];
}

/** @param report  says what is broken, in words that name the objects */
export type CheckerFactory = (cluster: CheckedCluster, report: (message: string) => void) => Checker;

/** A world and what all of its checkers know about it. */
export interface CheckedCluster {
  readonly world: World;
  readonly calm: CalmTime;
  /** As they were before the event that is being told. */
  readonly pods: PodBook;
  readonly scale: WantedScale;
}

export interface Violation {
  checker: string;
  atMs: number;
  message: string;
}
