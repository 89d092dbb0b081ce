/** Starts a cluster for a test: in this process, in virtual time unless asked otherwise. */
import { NODES, SERVICE_ACCOUNTS } from '../api/resources.ts';
import { systemClock } from '../platform/system-clock.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { SERVES_ANYTHING } from '../simulation/sim-program.ts';
import { World } from '../simulation/world/world.ts';
import type { Cluster } from './cluster.ts';
import { type ClusterOptions, checkOptions, shapesOf } from './cluster-options.ts';
import { addHollowNode } from './hollow-node.ts';
import { newPacedClock } from './paced-clock.ts';
import { RunningCluster } from './running-cluster.ts';

/** Of the cluster's time; virtual time passes at once. */
const READY_WITHIN_MS = 60_000;
const STEP_MS = 5;

/**
 * A cluster with the shipped API server, store, controllers, scheduler and kubelets, on simulated machines. Resolves when its
 * nodes are ready and what `manifests` says is applied. Stop it at the end of the test, or declare it with `await using`.
 *
 * @throws TypeError for an option that there is not; ManifestError for manifests that the API refuses
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  checkOptions(options);
  const { time = 'virtual', speed = 1, seed = 1, kubelets = true, images = 'any' } = options;
  const { programs = {}, controllers = 'apart', latencyMs } = options;
  const shapes = shapesOf(options.nodes);
  const world = new World({
    seed,
    clock: time === 'real' ? newPacedClock(systemClock, speed) : newSimulatedClock(),
    nodes: kubelets ? shapes : [],
    programs: { ...programs },
    controllers,
    ...(images === 'any' ? { defaultProgram: SERVES_ANYTHING } : {}),
    ...(latencyMs === undefined ? {} : { latencyMs }),
  });
  const cluster = new RunningCluster(world, { time, speed, nodes: shapes.map(({ name }) => name) });
  try {
    await world.start();
    if (!kubelets) for (const [index, shape] of shapes.entries()) addHollowNode(world, shape, index + 1);
    await world.until(() => isReady(world, shapes.length), READY_WITHIN_MS, STEP_MS);
    await cluster.open({ https: options.https ?? false, manifests: options.manifests });
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Pods can be created and find a place. */
function isReady(world: World, nodeCount: number): boolean {
  if (world.objects(SERVICE_ACCOUNTS, 'default').length === 0) return false;
  const ready = world.objects(NODES).filter(({ spec, status }) => {
    const isTainted = spec.taints?.some(({ key }) => key.startsWith('node.kubernetes.io/')) ?? false;
    return (
      !isTainted && status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    );
  });
  return ready.length === nodeCount;
}
