/**
 * What a swarm's Pods ask of their nodes: so much that it gets narrow when nodes are gone or closed, and so little that all of
 * them fit once every node is back. No Pod asks for more than a quarter of a node, and all together for less than three
 * quarters of the cluster, at their greatest number: then some node always has a quarter left for the next one.
 */
import type { JsonObject } from '../../api/json.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterPlan, PlannedObject } from './plan.ts';
import { REPLICAS_MAX } from './workload-actions.ts';

/** Of a simulated node. */
const NODE_CPU_MILLIS = 8000;
const USED_SHARE = 0.7;
const POD_SHARE = 0.25;

/** How many Pods an object of each kind has at most. */
const PODS_MAX: Readonly<Record<string, number>> = { ...REPLICAS_MAX, Pod: 1 };

/** `objects`, those that run Pods with requests; in every other run all as they are. */
export function drawRequests(
  random: Random,
  objects: readonly PlannedObject[],
  { nodes }: ClusterPlan,
): PlannedObject[] {
  if (random.next() < 0.5) return [...objects];
  const podsMax = objects.reduce((sum, { kind }) => sum + (PODS_MAX[kind] ?? 0), 0);
  const share = Math.min((USED_SHARE * nodes) / Math.max(1, podsMax), POD_SHARE);
  return objects.map((object) => {
    if (PODS_MAX[object.kind] === undefined) return object;
    const millis = Math.floor(share * NODE_CPU_MILLIS * (0.5 + random.next() / 2));
    return withRequest(object, `${millis}m`);
  });
}

function withRequest(object: PlannedObject, cpu: string): PlannedObject {
  const { spec } = object as { spec?: JsonObject };
  const { template } = (spec ?? {}) as { template?: JsonObject };
  if (template === undefined) return { ...object, spec: podSpecWith(spec, cpu) } as PlannedObject;
  const asking = { ...template, spec: podSpecWith(template['spec'] as JsonObject, cpu) };
  return { ...object, spec: { ...spec, template: asking } } as PlannedObject;
}

/** On the first container, the one that users give other images. */
function podSpecWith(spec: JsonObject = {}, cpu: string): JsonObject {
  const [main, ...others] = spec['containers'] as JsonObject[];
  return { ...spec, containers: [{ ...main, resources: { requests: { cpu } } }, ...others] };
}
