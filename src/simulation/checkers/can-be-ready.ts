/**
 * Whether a Pod should become ready when nothing disturbs it: by what its programs do, what it refers to, and where it is.
 * In doubt, no: a checker that asks must not accuse a cluster of what its user has asked for.
 */
import type { Container, Pod, Probe } from '../../api/generated/core-v1.ts';
import { namespaceOf } from '../../api/meta.ts';
import { isSidecar } from '../../api/pod-conditions.ts';
import { CONFIG_MAPS, SECRETS } from '../../api/resources.ts';
import { normalizeImageReference } from '../../container-runtime/image-reference.ts';
import { isListening } from '../program-answers.ts';
import type { SimulatedProgram, SimulatedRun } from '../sim-program.ts';
import type { World } from '../world/world.ts';

export function canBeReady(world: World, pod: Pod): boolean {
  const { nodeName, containers, initContainers = [] } = pod.spec;
  if (nodeName === undefined || !world.machines.get(nodeName)?.isOn) return false;
  const staying = [...containers, ...initContainers.filter(isSidecar)];
  const ending = initContainers.filter((container) => !isSidecar(container));
  return (
    staying.every((container) => staysWell(world, pod, container)) &&
    ending.every(({ image }) => endsWell(programOf(world, image))) &&
    hasWhatItRefersTo(world, pod)
  );
}

function programOf({ programs }: World, image = ''): SimulatedProgram | undefined {
  const name = normalizeImageReference(image);
  return Object.entries(programs).find(([reference]) => normalizeImageReference(reference) === name)?.[1];
}

function isPullable({ pull }: SimulatedProgram): boolean {
  return pull?.error === undefined || pull.error.times !== undefined;
}

function endsWell(program: SimulatedProgram | undefined): boolean {
  return program !== undefined && isPullable(program) && program.runs?.at(-1)?.exit?.code === 0;
}

/** The run that it is in leads to the last one, which repeats, and that one serves. */
function staysWell(world: World, { status }: Pod, container: Container): boolean {
  const program = programOf(world, container.image);
  if (program === undefined || !isPullable(program)) return false;
  const { runs = [] } = program;
  const restarts = status?.containerStatuses?.find(({ name }) => name === container.name)?.restartCount ?? 0;
  const last = runs.at(-1) ?? {};
  const current = runs[Math.min(restarts, runs.length - 1)] ?? {};
  return serves(last, container) && (serves(current, container) || isReplaced(current, container));
}

function serves(run: SimulatedRun, container: Container): boolean {
  const { exit, startError, hang, memory, capacity, health, commands, answers = [] } = run;
  const parts = [exit, startError, hang, memory, capacity, health, commands];
  const answersAtLast = answers.every(({ untilMs, status = 200 }) => untilMs !== undefined || status === 200);
  return (
    parts.every((part) => part === undefined) &&
    answersAtLast &&
    probesOf(container).every((probe) => passes(run, probe))
  );
}

/** Ends by itself, or hangs so that a liveness probe notices: a port is accepted by a hanging process too. */
function isReplaced({ exit, hang }: SimulatedRun, { livenessProbe }: Container): boolean {
  const looksInside = livenessProbe?.httpGet ?? livenessProbe?.exec ?? livenessProbe?.grpc;
  return exit !== undefined || (hang !== undefined && looksInside !== undefined);
}

function probesOf({ readinessProbe, livenessProbe, startupProbe }: Container): Probe[] {
  return [readinessProbe, livenessProbe, startupProbe].filter((probe) => probe !== undefined);
}

function passes(run: SimulatedRun, { httpGet, tcpSocket, grpc, exec }: Probe): boolean {
  if (exec !== undefined) return exec.command?.[0] === 'true';
  const port = (httpGet ?? tcpSocket ?? grpc)?.port;
  return typeof port === 'number' && isListening(run, port, Number.POSITIVE_INFINITY);
}

function hasWhatItRefersTo(world: World, pod: Pod): boolean {
  const has = (resource: typeof CONFIG_MAPS | typeof SECRETS, name: string | undefined) =>
    world
      .objects<{ apiVersion: string; kind: string; metadata: Pod['metadata'] }>(resource, namespaceOf(pod))
      .some(({ metadata }) => metadata.name === name);
  const { containers, initContainers = [], volumes = [] } = pod.spec;
  const sources = [...containers, ...initContainers].flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef] as const),
    ...envFrom.map(({ configMapRef, secretRef }) => [configMapRef, secretRef] as const),
  ]);
  return (
    sources.every(
      ([map, secret]) =>
        (map === undefined || map.optional === true || has(CONFIG_MAPS, map.name)) &&
        (secret === undefined || secret.optional === true || has(SECRETS, secret.name)),
    ) &&
    volumes.every(
      ({ configMap, secret }) =>
        (configMap === undefined || configMap.optional === true || has(CONFIG_MAPS, configMap.name)) &&
        (secret === undefined || secret.optional === true || has(SECRETS, secret.secretName)),
    )
  );
}
