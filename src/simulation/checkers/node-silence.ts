/**
 * Only a node that is silent is said to be so. Whoever writes that the condition Ready of a node is Unknown has not heard of
 * that node for the grace period: no renewal of its Lease has arrived at that very process, whatever any clock wrote into it.
 */
import type { Node } from '../../api/generated/core-v1.ts';
import { LEASES, NODES, resourcePath } from '../../api/resources.ts';
import type { OpenedWatch, StreamObserver } from '../world/watch-observer.ts';
import type { RequestDone } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';

/** Upstream's --node-monitor-grace-period, 50 s, and how long a renewal may have been on its way. */
const GRACE_MS = 49_000;
/** What arrives in the moment of the verdict comes too late for it. */
const CROSSING_MS = 1000;

const NODE_LEASES = resourcePath(LEASES, 'kube-node-lease');
const NODES_PATH = `${resourcePath(NODES, undefined)}/`;
const DEAF: StreamObserver = { delivered() {}, ended() {} };

export const newNodeSilenceChecker: CheckerFactory = (cluster, report) => {
  const book = new HeartbeatBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'request' && event.method === 'PUT') book.onUpdate(event);
    },
    onWatch: (watch) => book.open(watch),
  };
};

class HeartbeatBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** By process, then by node: when it was heard of, within the grace period; newest last. */
  readonly #heardMs = new Map<string, Map<string, number[]>>();

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  /** Of a watch that begins with what there is, that part may never be used: its stream may break before it is whole. */
  open({ process, request: { path, query } }: OpenedWatch): StreamObserver {
    if (path !== NODE_LEASES) return DEAF;
    let isInitial = query.get('sendInitialEvents') === 'true';
    return {
      delivered: (frames) => {
        for (const { type, object } of frames) {
          if (type === 'MODIFIED' && !isInitial) this.#heard(process, nameOf(object));
          if (type === 'BOOKMARK') isInitial = false;
        }
      },
      ended() {},
    };
  }

  onUpdate({ process, user, path, status, answer, sentMs }: RequestDone): void {
    if (status !== 200 || !user.endsWith(':node-controller')) return;
    if (!path.startsWith(NODES_PATH) || !path.endsWith('/status') || !isUnknown(answer as Node)) return;
    const name = nameOf(answer);
    const heardMs = this.#heardMs
      .get(process)
      ?.get(name)
      ?.findLast((ms) => ms <= sentMs - CROSSING_MS);
    if (heardMs === undefined || sentMs - heardMs >= GRACE_MS) return;
    this.#report(
      `${process} says that Node ${name} is silent, and has heard of it ${Math.round(sentMs - heardMs)} ms ago`,
    );
  }

  #heard(process: string, node: string): void {
    const nowMs = this.#cluster.world.clock.now();
    const nodes = this.#heardMs.get(process) ?? new Map<string, number[]>();
    const known = nodes.get(node) ?? [];
    known.push(nowMs);
    while (known[0]! < nowMs - GRACE_MS) known.shift();
    this.#heardMs.set(process, nodes.set(node, known));
  }
}

function nameOf(object: unknown): string {
  return (object as { metadata?: { name?: string } }).metadata?.name ?? '';
}

function isUnknown({ status }: Node): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown';
}
