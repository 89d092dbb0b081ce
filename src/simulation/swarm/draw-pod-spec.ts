/** The shapes of a swarm's Pods: containers beside the main one, probes, hooks, volumes, grace. */
import type { JsonObject } from '../../api/json.ts';
import type { Random } from '../../base/random.ts';
import { drawCount, pick } from '../faults/fault-parameters.ts';
import { ENDING_IMAGE_NAMES, HANGING_IMAGE, READY_PATH, SERVING_IMAGE_NAMES } from './draw-programs.ts';

export const MAIN_CONTAINER = 'main';

/** A Pod that serves. @param configMaps  those of its namespace */
export function drawServingSpec(random: Random, configMaps: readonly string[]): JsonObject {
  const image = random.next() < 0.1 ? HANGING_IMAGE : pick(random, SERVING_IMAGE_NAMES);
  const init: JsonObject[] = [];
  if (random.next() < 0.2) init.push({ name: 'prepare', image: pick(random, ENDING_IMAGE_NAMES) });
  if (random.next() < 0.2) init.push(drawSidecar(random));
  const probes = drawProbes(random, image);
  const sleepSeconds = random.next() < 0.8 ? undefined : drawCount(random, 1, 10);
  const graceSeconds = random.next() < 0.5 ? drawCount(random, 0, 20) : undefined;
  return {
    containers: [{ name: MAIN_CONTAINER, image, ...probes, ...newHooks(sleepSeconds, graceSeconds) }],
    ...(init.length === 0 ? {} : { initContainers: init }),
    ...(graceSeconds === undefined ? {} : { terminationGracePeriodSeconds: graceSeconds }),
    ...drawVolumes(random, configMaps),
  };
}

/** A Pod that ends by itself. */
export function drawTaskSpec(random: Random): JsonObject {
  return {
    restartPolicy: pick(random, ['OnFailure', 'Never']),
    containers: [{ name: MAIN_CONTAINER, image: pick(random, ENDING_IMAGE_NAMES) }],
    ...(random.next() < 0.3 ? { initContainers: [drawSidecar(random)] } : {}),
  };
}

function drawSidecar(random: Random): JsonObject {
  return { name: 'sidecar', image: pick(random, SERVING_IMAGE_NAMES), restartPolicy: 'Always' };
}

function drawProbes(random: Random, image: string): JsonObject {
  const alive = { path: '/', port: 8080 };
  const ready = { path: READY_PATH, port: 8080 };
  const probes: JsonObject = {};
  if (random.next() < 0.5) {
    probes['readinessProbe'] = { httpGet: ready, periodSeconds: drawCount(random, 1, 10) };
  }
  if (image === HANGING_IMAGE || random.next() < 0.2) {
    probes['livenessProbe'] = { httpGet: alive, periodSeconds: drawCount(random, 2, 10) };
    probes['startupProbe'] = { tcpSocket: { port: 8080 }, periodSeconds: 5, failureThreshold: 30 };
  }
  return probes;
}

/** Who sleeps for longer than there is grace is refused. */
function newHooks(sleepSeconds: number | undefined, graceSeconds = Infinity): JsonObject {
  if (sleepSeconds === undefined) return {};
  return { lifecycle: { preStop: { sleep: { seconds: Math.min(sleepSeconds, graceSeconds) } } } };
}

function drawVolumes(random: Random, configMaps: readonly string[]): JsonObject {
  const volumes: JsonObject[] = [];
  if (random.next() < 0.2) volumes.push({ name: 'scratch', emptyDir: {} });
  if (configMaps.length > 0 && random.next() < 0.4) {
    volumes.push({ name: 'settings', configMap: { name: pick(random, configMaps) } });
  }
  return volumes.length === 0 ? {} : { volumes };
}
