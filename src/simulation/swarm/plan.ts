/**
 * The plan of a run as data, drawn up front from a seed: so it can be printed, shrunk, kept in a file and run again. What it
 * leaves open (latencies, which Pod is meant) is fixed by its seed.
 */
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject, NewObjectMeta } from '../../api/meta.ts';
import type { StoreLimits } from '../../store/mvcc-store.ts';
import type { Parties } from '../faults/fault-parameters.ts';
import type { FaultCall } from '../faults/fault-table.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { CONTROL_PLANE } from '../world/world.ts';

export interface SwarmPlan {
  seed: string;
  /** How long faults and user actions last, virtual time. */
  chaosMs: number;
  cluster: ClusterPlan;
  /** By image. */
  programs: Record<string, SimulatedProgram>;
  /** Created in this order before the first fault. */
  objects: PlannedObject[];
  /** In order of their begin. */
  faults: PlannedFault[];
  /** In order of their time. */
  actions: PlannedAction[];
}

export interface ClusterPlan {
  nodes: number;
  controllers: 'in-server' | 'apart' | number;
  latencyMs: { min: number; max: number };
  /** Under the store. */
  disk: 'faultless' | 'simulated';
  /** How long a flush of a simulated disk takes. */
  flushMs: { min: number; max: number };
  /** Small ones make ordinary what else only a large cluster sees: history that is gone, watches that fall behind. */
  storeLimits: Partial<StoreLimits>;
}

export type PlannedObject = Omit<KubeObject, 'metadata'> & { metadata: NewObjectMeta & { name: string } };

export interface PlannedFault extends FaultCall {
  atMs: number;
  /** Absent for what happens at one moment. */
  forMs?: number;
}

/** Something that the user does. What cannot be done (any more) is left. */
export interface PlannedAction {
  atMs: number;
  action: string;
  parameters: JsonObject;
}

export function nodeNames({ nodes }: ClusterPlan): string[] {
  return Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
}

/** Who there will be in the world of a plan. */
export function partiesOfPlan(cluster: ClusterPlan): Parties {
  const nodes = nodeNames(cluster);
  const { controllers, disk } = cluster;
  const candidates = Array.from(
    { length: typeof controllers === 'number' ? controllers : 0 },
    (_, index) => `controllers-${index + 1}`,
  );
  return {
    nodes,
    hasDisk: disk === 'simulated',
    machines: [CONTROL_PLANE, ...candidates, ...nodes],
    processes: [
      `${CONTROL_PLANE}/server`,
      ...(controllers === 'apart' ? [`${CONTROL_PLANE}/controllers`] : []),
      ...candidates.map((name) => `${name}/controllers`),
      ...nodes.map((name) => `${name}/agent`),
    ],
  };
}
