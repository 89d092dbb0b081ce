/** The objects of a swarm: what users deploy, in many shapes. */
import type { JsonObject } from '../../api/json.ts';
import type { Random } from '../../base/random.ts';
import { drawCount, pick } from '../faults/fault-parameters.ts';
import { ENDING_IMAGE_NAMES, SERVING_IMAGE_NAMES } from './draw-programs.ts';
import type { PlannedObject } from './plan.ts';

const HOME = 'default';

export function drawObjects(random: Random): PlannedObject[] {
  const objects: PlannedObject[] = [];
  const deployments = drawCount(random, 1, 4);
  for (let i = 1; i <= deployments; i++)
    objects.push(...drawWorkload(random.fork(`deployment ${i}`), `app-${i}`));
  const sets = drawCount(random, 0, 1);
  for (let i = 1; i <= sets; i++) objects.push(drawReplicaSet(random.fork(`set ${i}`), `set-${i}`));
  const pods = drawCount(random, 0, 2);
  for (let i = 1; i <= pods; i++) objects.push(drawPod(random.fork(`pod ${i}`), `pod-${i}`));
  return objects;
}

/** A Deployment, and often a Service and a budget. */
function drawWorkload(random: Random, name: string): PlannedObject[] {
  const replicas = drawCount(random, 0, 6);
  const objects: PlannedObject[] = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: HOME, labels: { app: name } },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        strategy: drawStrategy(random),
        ...(random.next() < 0.3 ? { minReadySeconds: drawCount(random, 1, 20) } : {}),
        ...(random.next() < 0.2 ? { revisionHistoryLimit: drawCount(random, 0, 2) } : {}),
        template: { metadata: { labels: { app: name } }, spec: drawPodSpec(random) },
      },
    } as PlannedObject,
  ];
  if (random.next() < 0.6) objects.push(newService(name));
  if (random.next() < 0.4) objects.push(drawBudget(random, name, replicas));
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

function drawPodSpec(random: Random): JsonObject {
  const graceful = random.next() < 0.5 ? { terminationGracePeriodSeconds: drawCount(random, 0, 20) } : {};
  return { containers: [{ name: 'main', image: pick(random, SERVING_IMAGE_NAMES) }], ...graceful };
}

function newService(name: string): PlannedObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: HOME },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  } as PlannedObject;
}

function drawBudget(random: Random, name: string, replicas: number): PlannedObject {
  const limit = pick<JsonObject>(random, [
    { maxUnavailable: 1 },
    { maxUnavailable: '30%' },
    { minAvailable: Math.max(0, replicas - 1) },
    { minAvailable: '50%' },
  ]);
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: HOME },
    spec: { selector: { matchLabels: { app: name } }, ...limit },
  } as PlannedObject;
}

function drawReplicaSet(random: Random, name: string): PlannedObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: HOME },
    spec: {
      replicas: drawCount(random, 0, 4),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: drawPodSpec(random) },
    },
  } as PlannedObject;
}

function drawPod(random: Random, name: string): PlannedObject {
  const ends = random.next() < 0.5;
  const spec = ends
    ? {
        restartPolicy: pick(random, ['OnFailure', 'Never']),
        containers: [{ name: 'main', image: pick(random, ENDING_IMAGE_NAMES) }],
      }
    : drawPodSpec(random);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: HOME, labels: { app: name } },
    spec,
  } as unknown as PlannedObject;
}
