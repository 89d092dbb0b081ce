/** What a controller under test is, and what it is given. */
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Informer, InformerSelector } from '../client/informer.ts';
import type { ClusterClient } from './cluster-client.ts';
import type { ObjectOf, Resource } from './kinds.ts';

/** All of it lives in the cluster's time. */
export interface ControllerContext {
  /** Its calls and watches end when the controller is stopped. */
  client: ClusterClient;
  clock: Clock;
  /** Seeded: the same decisions in every run. */
  random: Random;
  informers: ControllerInformers;
}

/** Local copies, kept current while the controller runs. */
export interface ControllerInformers {
  informer<const R extends Resource>(kind: R, selector?: InformerSelector): Informer<ObjectOf<R>>;
  /** Resolves when every copy asked for so far is filled. */
  whenSynced(): Promise<void>;
}

/** Works until `signal` aborts. What it throws before is a failure of the test. */
export type ControllerFunction = (context: ControllerContext, signal: AbortSignal) => Promise<void> | void;
