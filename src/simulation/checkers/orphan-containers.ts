/**
 * No container outlives its Pod: within its grace period and {@link SLACK_MS} of calm after the Pod was deleted, nothing of
 * it runs; an agent removes no Pod whose containers run; and once faults have stopped, nothing of it is left on the node at all, no container, no sandbox, no volume.
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { isPodTerminating } from '../../api/pod-conditions.ts';
import type { ContainerChanged, RequestDone } from '../world/world-event.ts';
import { uidInAnswer } from './answered-uid.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { DueQueue } from './due-queue.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

/** The agent's housekeeping finds what it was not told within 30 s, and a retry takes a while. */
const SLACK_MS = 90_000;
/** What agents are called, before the name of their node. */
const AGENT_PREFIX = 'system:node:';

export const newOrphanContainersChecker: CheckerFactory = (cluster, report) => {
  const book = new ContainerBook(cluster, report);
  return {
    onEvent(event) {
      book.judgeDue(event.atMs);
      if (event.kind === 'container') book.onContainer(event, event.atMs);
      if (event.kind === 'request' && event.method === 'DELETE') book.onDeletion(event);
      if (event.kind !== 'commit' || !event.key.startsWith(PODS_PREFIX)) return;
      const pod = event.object as unknown as Pod;
      if (event.type === 'delete' || isPodTerminating(pod)) book.onEnd(pod, event.atMs);
    },
    unconverged: () => leftOnNodes(cluster),
  };
};

/** A Pod that is on its way out or gone. */
interface Ending {
  readonly uid: string;
  readonly name: string;
  /** Its containers have until then: a later deletion may only shorten it. */
  graceEndMs: number;
}

class ContainerBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** Nodes of running containers, by Pod and container id. Bounded by what runs. */
  readonly #running = new Map<string, Map<string, string>>();
  /** Bounded by Pods that end and have containers. */
  readonly #ending = new Map<string, Ending>();
  readonly #due = new DueQueue<Ending>(SLACK_MS);

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  onContainer({ type, node, podUid, containerId, name }: ContainerChanged, nowMs: number): void {
    const running = this.#running.get(podUid) ?? new Map<string, string>();
    if (type === 'started') {
      this.#running.set(podUid, running.set(containerId, node));
      if (this.#cluster.pods.get(podUid) === undefined)
        this.#watch({ uid: podUid, name, graceEndMs: nowMs }, nowMs);
    } else if (type !== 'created') {
      running.delete(containerId);
      if (running.size === 0) this.#running.delete(podUid);
    }
  }

  onEnd({ metadata, spec }: Pod, nowMs: number): void {
    const { uid, namespace = '', name, deletionGracePeriodSeconds } = metadata;
    if (!this.#running.has(uid)) return;
    // An object that was removed by force says nothing: the agent then gives what the Pod's own spec says.
    const graceSeconds = deletionGracePeriodSeconds || (spec.terminationGracePeriodSeconds ?? 30);
    this.#watch({ uid, name: `${namespace}/${name}`, graceEndMs: nowMs + graceSeconds * 1000 }, nowMs);
  }

  /** By the agent of a node, whose last word of a Pod it is. Others remove Pods by force. */
  onDeletion({ user, process, path, status, answer }: RequestDone): void {
    if (!user.startsWith(AGENT_PREFIX) || status >= 300 || !path.includes('/pods/')) return;
    const [node] = process.split('/', 1);
    const running = [...(this.#running.get(uidInAnswer(answer) ?? '')?.values() ?? [])];
    if (running.includes(node!)) this.#report(`${process} sent DELETE ${path} while its containers run`);
  }

  judgeDue(nowMs: number): void {
    this.#due.takeDue(nowMs, (ending) => {
      const nodes = new Set(this.#running.get(ending.uid)?.values());
      if (nodes.size === 0) this.#ending.delete(ending.uid);
      for (const node of nodes) this.#judge(ending, node, nowMs);
    });
  }

  #judge(ending: Ending, node: string, nowMs: number): void {
    const isEarly = nowMs < ending.graceEndMs + SLACK_MS || this.#cluster.calm.forMs(node) < SLACK_MS;
    if (isEarly) this.#due.add(ending, nowMs);
    else this.#report(`Pod ${ending.name} (${ending.uid}) has ended, and its containers run on ${node}`);
  }

  #watch(ending: Ending, nowMs: number): void {
    const known = this.#ending.get(ending.uid);
    if (known !== undefined) {
      known.graceEndMs = Math.min(known.graceEndMs, ending.graceEndMs);
      return;
    }
    this.#ending.set(ending.uid, ending);
    this.#due.add(ending, nowMs);
  }
}

function leftOnNodes({ world, pods, calm }: CheckedCluster): string[] {
  return [...world.nodes.values()].flatMap(({ name, host }) => {
    if (calm.forMs(name) < SLACK_MS) return [];
    const isGone = (uid: string) => pods.get(uid) === undefined;
    const sandboxes = host.runtime.sandboxesNow().filter(({ metadata }) => isGone(metadata.uid));
    const volumes = host.volumes.podVolumes().filter(({ podUid }) => isGone(podUid));
    return [
      ...sandboxes.map(
        ({ metadata }) => `${name} keeps a sandbox of Pod ${metadata.name} (${metadata.uid}), which is gone`,
      ),
      ...volumes.map(({ podUid, path }) => `${name} keeps ${path} of Pod ${podUid}, which is gone`),
    ];
  });
}
