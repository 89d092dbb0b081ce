/** The objects of a swarm: what users deploy, in many shapes, in one namespace or several. */
import type { JsonObject } from '../../api/json.ts';
import type { Random } from '../../base/random.ts';
import { drawCount, pick } from '../faults/fault-parameters.ts';
import { drawServingSpec, drawTaskSpec } from './draw-pod-spec.ts';
import type { PlannedObject } from './plan.ts';

/** Exists without being created, and cannot be deleted. */
const HOME = 'default';

interface Place {
  namespace: string;
  configMaps: readonly string[];
}

export function drawObjects(random: Random): PlannedObject[] {
  const objects: PlannedObject[] = [];
  const namespaces = [HOME, 'team-a', 'team-b'].slice(0, pick(random, [1, 1, 2, 3]));
  for (const namespace of namespaces) {
    if (namespace !== HOME)
      objects.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    objects.push(...drawTenant(random.fork(namespace), namespace));
  }
  return objects;
}

function drawTenant(random: Random, namespace: string): PlannedObject[] {
  const configMaps = Array.from({ length: drawCount(random, 0, 2) }, (_, index) => `settings-${index + 1}`);
  const place = { namespace, configMaps };
  const rows: [string, number, (random: Random, name: string, place: Place) => PlannedObject[]][] = [
    ['app', drawCount(random, namespace === HOME ? 1 : 0, 3), drawWorkload],
    ['set', drawCount(random, 0, 1), drawReplicaSet],
    ['pod', drawCount(random, 0, 2), drawPod],
  ];
  return [
    ...configMaps.map((name) =>
      newObject('v1', 'ConfigMap', { name, namespace }, { data: { version: '1' } }),
    ),
    ...rows.flatMap(([prefix, count, draw]) =>
      Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`).flatMap((name) =>
        draw(random.fork(name), name, place),
      ),
    ),
  ];
}

/** A Deployment, and often a Service and a budget. */
function drawWorkload(random: Random, name: string, place: Place): PlannedObject[] {
  const { namespace, configMaps } = place;
  const replicas = drawCount(random, 0, 6);
  const spec = {
    replicas,
    selector: { matchLabels: { app: name } },
    strategy: drawStrategy(random),
    ...(random.next() < 0.3 ? { minReadySeconds: drawCount(random, 1, 20) } : {}),
    ...(random.next() < 0.2 ? { revisionHistoryLimit: drawCount(random, 0, 2) } : {}),
    template: newTemplate(name, drawServingSpec(random, configMaps)),
  };
  const objects = [newObject('apps/v1', 'Deployment', { name, namespace }, { spec })];
  if (random.next() < 0.6) {
    const ports = [{ port: 80, targetPort: 8080 }];
    objects.push(
      newObject('v1', 'Service', { name, namespace }, { spec: { selector: { app: name }, ports } }),
    );
  }
  if (random.next() < 0.4) {
    const budget = { selector: { matchLabels: { app: name } }, ...drawBudget(random, replicas) };
    objects.push(newObject('policy/v1', 'PodDisruptionBudget', { name, namespace }, { spec: budget }));
  }
  return objects;
}

function drawStrategy(random: Random): JsonObject {
  if (random.next() < 0.2) return { type: 'Recreate' };
  const rollingUpdate = pick<JsonObject>(random, [
    {},
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: '50%', maxUnavailable: '50%' },
    { maxSurge: '100%', maxUnavailable: 0 },
  ]);
  return { type: 'RollingUpdate', rollingUpdate };
}

function drawBudget(random: Random, replicas: number): JsonObject {
  return pick<JsonObject>(random, [
    { maxUnavailable: 1 },
    { maxUnavailable: '30%' },
    { minAvailable: Math.max(0, replicas - 1) },
    { minAvailable: '50%' },
  ]);
}

function drawReplicaSet(random: Random, name: string, { namespace, configMaps }: Place): PlannedObject[] {
  const spec = {
    replicas: drawCount(random, 0, 4),
    selector: { matchLabels: { app: name } },
    template: newTemplate(name, drawServingSpec(random, configMaps)),
  };
  return [newObject('apps/v1', 'ReplicaSet', { name, namespace }, { spec })];
}

function drawPod(random: Random, name: string, { namespace, configMaps }: Place): PlannedObject[] {
  const spec = random.next() < 0.5 ? drawTaskSpec(random) : drawServingSpec(random, configMaps);
  return [newObject('v1', 'Pod', { name, namespace, labels: { app: name } }, { spec })];
}

function newTemplate(app: string, spec: JsonObject): JsonObject {
  return { metadata: { labels: { app } }, spec };
}

function newObject(
  apiVersion: string,
  kind: string,
  metadata: PlannedObject['metadata'],
  rest: JsonObject,
): PlannedObject {
  return { apiVersion, kind, metadata, ...rest };
}
