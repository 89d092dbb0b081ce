/** How `up` knows that its nodes can take Pods. */
import type { Node } from '../api/generated/core-v1.ts';
import { NODES } from '../api/resources.ts';
import type { CliWorld } from '../cli/cli-world.ts';
import { openSession } from '../cli/cluster-session.ts';
import { systemClock } from '../platform/system-clock.ts';
import { nodeName } from './cluster-node.ts';

const POLL_MS = 25;
const NODES_PATIENCE_MS = 20_000;

/**
 * Manifests are applied once the nodes can take Pods, so that nothing is reported as unschedulable, or put on the first
 * node that came, only because of haste. A node that does not come is no reason to wait for ever.
 */
export async function waitForNodes(
  world: CliWorld,
  { kubeconfig, nodes }: { kubeconfig: string; nodes: number },
  signal: AbortSignal,
): Promise<void> {
  const session = await openSession(world, { kubeconfig });
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  const giveUpMs = systemClock.monotonicMs() + NODES_PATIENCE_MS;
  while (!signal.aborted && systemClock.monotonicMs() < giveUpMs) {
    const { items } = await session.client.list<Node>(NODES, {}, signal);
    const names = items.filter(isReadyNode).map(({ metadata }) => metadata.name);
    if (Array.from({ length: nodes }, (_, i) => nodeName(i)).every((name) => names.includes(name))) return;
    await systemClock.sleep(POLL_MS, signal).catch(() => {});
  }
}

function isReadyNode({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
