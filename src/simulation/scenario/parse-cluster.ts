/** The cluster of a scenario: how many nodes of what shape, and how it is run. */
import type { Taint } from '../../api/generated/core-v1.ts';
import { isJsonObject, type JsonValue } from '../../api/json.ts';
import { isQuantity } from '../../base/quantity.ts';
import type { Parties } from '../faults/fault-parameters.ts';
import type { NodeShape } from '../world/sim-node.ts';
import { CONTROL_PLANE } from '../world/world.ts';
import {
  boolean,
  count,
  duration,
  fields,
  list,
  mapOf,
  oneOf,
  optional,
  type Read,
  ScenarioError,
  text,
} from './read.ts';
import type { ScenarioCluster } from './scenario.ts';

const NODES_MAX = 10_000;

const taint: Read<Taint> = (value, place) => {
  const {
    key,
    effect,
    value: is,
  } = fields({
    key: text,
    effect: oneOf(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    value: optional(text),
  })(value, place);
  return { key, effect, ...(is === undefined ? {} : { value: is }) };
};

const quantity: Read<string> = (value, place) => {
  const written = typeof value === 'number' ? String(value) : text(value, place);
  if (!isQuantity(written)) throw new ScenarioError(place, `"${written}" is no quantity`);
  return written;
};

const nodeShape: Read<NodeShape> = (value, place) => {
  const { name, labels, taints, capacity } = fields({
    name: text,
    labels: optional(mapOf(text)),
    taints: optional(list(taint)),
    capacity: optional(mapOf(quantity)),
  })(value, place);
  return {
    name,
    ...(labels === undefined ? {} : { labels: Object.fromEntries(labels) }),
    ...(taints === undefined ? {} : { taints }),
    ...(capacity === undefined ? {} : { capacity: Object.fromEntries(capacity) }),
  };
};

/** `3`: node-1 to node-3. */
const nodes: Read<NodeShape[]> = (value, place) => {
  if (Array.isArray(value)) return checkNames(list(nodeShape)(value, place), place);
  const number = count(1)(value, place);
  if (number > NODES_MAX) throw new ScenarioError(place, `must be at most ${NODES_MAX}`);
  return Array.from({ length: number }, (_, index) => ({ name: `node-${index + 1}` }));
};

function checkNames(shapes: NodeShape[], place: string): NodeShape[] {
  const names = shapes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ScenarioError(place, `there are two nodes "${twice}"`);
  if (names.length === 0) throw new ScenarioError(place, 'must be at least one');
  return shapes;
}

const latency: Read<{ min: number; max: number }> = (value, place) => {
  if (isJsonObject(value)) return fields({ min: duration, max: duration })(value, place);
  const ms = duration(value, place);
  return { min: ms, max: ms };
};

const controllers: Read<'in-server' | 'apart' | number> = (value: JsonValue, place) =>
  typeof value === 'number' ? count(1)(value, place) : oneOf(['in-server', 'apart'])(value, place);

const SHAPE = fields({
  nodes: optional(nodes),
  controllers: optional(controllers),
  latency: optional(latency),
  watchdog: optional(boolean),
  disk: optional(oneOf(['faultless', 'simulated'])),
});

export const cluster: Read<ScenarioCluster> = (value, place) => {
  const shape = SHAPE(value, place);
  return {
    nodes: shape.nodes ?? [{ name: 'node-1' }],
    ...(shape.controllers === undefined ? {} : { controllers: shape.controllers }),
    ...(shape.latency === undefined ? {} : { latencyMs: shape.latency }),
    ...(shape.watchdog === undefined ? {} : { watchdog: shape.watchdog }),
    ...(shape.disk === undefined ? {} : { disk: shape.disk }),
  };
};

/** Who there will be to be disturbed. */
export function partiesOfCluster({ nodes: shapes, controllers: where, disk }: ScenarioCluster): Parties {
  const names = shapes.map(({ name }) => name);
  const candidates = Array.from(
    { length: typeof where === 'number' ? where : 0 },
    (_, index) => `controllers-${index + 1}`,
  );
  return {
    hasDisk: disk === 'simulated',
    nodes: names,
    machines: [CONTROL_PLANE, ...candidates, ...names],
    processes: [
      `${CONTROL_PLANE}/server`,
      ...(where === 'apart' ? [`${CONTROL_PLANE}/controllers`] : []),
      ...candidates.map((name) => `${name}/controllers`),
      ...names.map((name) => `${name}/agent`),
    ],
  };
}
