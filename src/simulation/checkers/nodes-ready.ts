/**
 * Once faults have stopped: every machine that is on has a Node that is Ready, without the taints of one that is not, and
 * whose Lease is renewed. When a Lease was renewed is when its write became durable, whatever clock wrote it.
 */
import type { Node } from '../../api/generated/core-v1.ts';
import { NODES } from '../../api/resources.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { LEASES_PREFIX } from './storage-prefixes.ts';

const NODE_LEASES = `${LEASES_PREFIX}kube-node-lease/`;
/** Upstream's nodeLeaseDurationSeconds. */
const LEASE_DURATION_MS = 40_000;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const newNodesReadyChecker: CheckerFactory = (cluster) => {
  const renewedMs = new Map<string, number>();
  return {
    onEvent(event) {
      if (event.kind !== 'commit' || event.type !== 'put' || !event.key.startsWith(NODE_LEASES)) return;
      renewedMs.set(event.key.slice(NODE_LEASES.length), event.atMs);
    },
    unconverged: () => wrongNodes(cluster, renewedMs),
  };
};

function wrongNodes({ world, calm }: CheckedCluster, renewedMs: ReadonlyMap<string, number>): string[] {
  const nodes = new Map(world.objects(NODES).map((node) => [node.metadata.name, node]));
  const running = [...world.nodes.keys()].filter((name) => world.machine(name).isOn);
  return running.flatMap((name) => {
    const problems = wrongNode(nodes.get(name));
    const sinceMs = world.clock.now() - (renewedMs.get(name) ?? 0);
    if (sinceMs > LEASE_DURATION_MS && calm.forMs() > LEASE_DURATION_MS)
      problems.push('does not renew its Lease');
    return problems.map((why) => `Node ${name} ${why}`);
  });
}

function wrongNode(node: Node | undefined): string[] {
  if (node === undefined) return ['is not registered'];
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const taints = node.spec.taints?.filter(({ key }) => TAINTS.includes(key)) ?? [];
  return [
    ...(ready?.status === 'True' ? [] : [`is not ready: ${ready?.reason ?? 'no condition'}`]),
    ...taints.map(({ key, effect }) => `still has the taint ${key}:${effect}`),
  ];
}
