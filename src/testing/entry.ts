/** What `kintsugi/testing` exports. Everything else in this folder is its own affair. */
export type { JsonValue } from '../api/json.ts';
export type { KubeObject, NewObject } from '../api/meta.ts';
export type { ResourceRef } from '../api/resources.ts';
export type { Clock, Timer } from '../base/clock.ts';
export type { Random } from '../base/random.ts';
export { StatusError, type StatusReason } from '../base/status-error.ts';
export type { Informer, InformerListener } from '../client/informer.ts';
export {
  crashAfter,
  type SimulatedProgram,
  type SimulatedRun,
} from '../simulation/sim-program.ts';
export type { SimulatedAnswer, SimulatedBackend } from '../simulation/sim-webhooks.ts';
export type { TimelineEntry } from '../simulation/timeline/timeline-entry.ts';
export type { TimelineFilter } from '../simulation/timeline/timeline-filter.ts';
export type { NodeShape } from '../simulation/world/sim-node-facts.ts';
export type { WorldEvent } from '../simulation/world/world-event.ts';
export type {
  Cluster,
  ClusterHttps,
  ControllerHandle,
  NamedObject,
  ObjectPath,
  PartitionOptions,
  RunOptions,
  UntilOptions,
  User,
} from './cluster.ts';
export type { ClusterClient, ObjectChange, Selection, Target } from './cluster-client.ts';
export type { ClusterOptions } from './cluster-options.ts';
export { ConditionTimeoutError } from './condition-timeout-error.ts';
export type { ControllerContext, ControllerFunction, ControllerInformers } from './controller-context.ts';
export type { AnyObject, Kinds } from './kinds.ts';
export { type Applied, ManifestError, type Manifests } from './manifests.ts';
export { LeakError } from './open-things.ts';
export type { Span } from './parse-span.ts';
export { startCluster } from './start-cluster.ts';
