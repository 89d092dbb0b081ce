/**
 * Watches over nodes: a silent one is declared unknown, its Pods leave the Services at once, and by a taint, at a bounded
 * rate, the node.
 *
 *     lease renewed, status reported ──► Heartbeats ──► reconcileNodeHealth ──► conditions ──► Pods not ready
 *                                                                          └──► ZoneCensus ──► rate of each zone
 *     conditions, spec.unschedulable ──► reconcileNodeTaints ◄── EvictionQueue ◄──────────────┘
 *
 * What the NoExecute taints do to Pods is the taint-eviction controller's part.
 *
 * @see k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go; differs: silence is noticed by a timer
 *   for each node instead of at the next pass of 5 s
 */
import type { Lease } from '../../api/generated/coordination-v1.ts';
import type { Node, NodeCondition, Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { LEASES, NODES, PODS } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import { type Controller, type ControllerContext, runControllers } from '../framework/controller.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import { addPodNodeIndex, podsOnNode } from '../framework/pod-nodes.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import { GRACE_PERIOD_MS, MONITOR_PERIOD_MS } from './defaults.ts';
import { EvictionQueue } from './eviction-queue.ts';
import { Heartbeats } from './heartbeats.ts';
import { conditionOf, readinessOf, reconcileNodeHealth } from './node-health.ts';
import { type NodeTaintsPlan, type ObservedEviction, reconcileNodeTaints } from './node-taints.ts';
import { newPodReadinessLoop } from './pod-readiness.ts';
import { evictionRate, ZoneCensus, zoneOf } from './zones.ts';

const NAME = 'node-lifecycle';

/** Upstream's nodeUpdateWorkerSize. */
const WORKERS = 8;

const LEASE_NAMESPACE = 'kube-node-lease';

export function newNodeLifecycleController(context: ControllerContext): Controller {
  const nodes = new NodeLifecycleController(context);
  return { name: NAME, run: (signal) => runControllers([nodes.loop, nodes.podReadiness], signal) };
}

class NodeLifecycleController {
  readonly loop: WorkerLoop;
  readonly podReadiness: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #latest: LatestWrites<Node> = newLatestWrites();
  readonly #heartbeats = new Heartbeats();
  readonly #census = new ZoneCensus();
  readonly #queue = new EvictionQueue();
  /** Monotonic; of nodes that are not ready. */
  readonly #notReadySinceMs = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(NODES);
    this.#pods = context.informers.informer(PODS);
    const leases = context.informers.informer(LEASES, { namespace: LEASE_NAMESPACE });
    this.loop = newWorkerLoop(context, {
      name: NAME,
      workers: WORKERS,
      sync: (name, signal) => this.#sync(name, signal),
      informers: [this.#nodes, this.#pods, leases],
      resync: { lister: { list: () => this.#restlessNodes() }, intervalMs: MONITOR_PERIOD_MS },
    });
    addPodNodeIndex(this.#pods);
    this.podReadiness = newPodReadinessLoop(context, this.#nodes, (name) => this.#node(name));
    this.#listenToNodes();
    this.#listenToLeases(leases);
  }

  #listenToNodes(): void {
    this.#nodes.addListener({
      onAdd: (node) => {
        const { name } = node.metadata;
        this.#heartbeats.seen(name, this.#nowMs());
        this.#tell(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
        this.#count(node);
        this.#reviewPods(name);
        this.loop.enqueue(name);
      },
      onUpdate: (node, previous) => {
        const { name } = node.metadata;
        if (hasReported(node, previous)) this.#heartbeats.heard(name, this.#nowMs());
        this.#count(node);
        this.loop.enqueue(name);
      },
      onDelete: (node) => this.#forget(node),
    });
  }

  /** Leases carry the names of their nodes. A renewal alone is no work: the node's own timer asks when it is due. */
  #listenToLeases(leases: Informer<Lease>): void {
    const heard = (lease: Lease) => this.#heartbeats.heard(lease.metadata.name, this.#nowMs());
    leases.addListener({
      onAdd: heard,
      onUpdate: (lease, previous) => {
        if (lease.spec.renewTime !== previous.spec.renewTime) heard(lease);
      },
      onDelete() {},
    });
  }

  /** At the next pass there may be something to do for them. One that is ready and heard of has its timer for when not. */
  #restlessNodes(): readonly Node[] {
    const nowMs = this.#nowMs();
    this.#heartbeats.listen(nowMs);
    return this.#nodes.list().filter((cached) => {
      const { name } = cached.metadata;
      const silentMs = this.#heartbeats.silentMs(name, nowMs);
      return silentMs >= GRACE_PERIOD_MS || readinessOf(this.#latest.latest(cached)) !== 'True';
    });
  }

  async #sync(name: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#node(name);
    if (cached === undefined) return {};
    const nowMs = this.#nowMs();
    this.#heartbeats.listen(nowMs);
    const silentMs = this.#heartbeats.silentMs(name, nowMs);
    const health = reconcileNodeHealth(cached, silentMs, this.#context.clock.now());
    const node =
      health.conditions === undefined
        ? cached
        : await this.#writeConditions(cached, health.conditions, signal);
    if (health.becameNotReady) this.#reportNotReady(node);
    this.#count(node);
    const plan = reconcileNodeTaints(node, this.#observeEviction(node), this.#context.clock.now());
    this.#takeTurn(node, plan);
    await this.#writeTaints(node, plan, signal);
    return soonest(health.requeueAfterMs, plan.requeueAfterMs);
  }

  async #writeConditions(node: Node, conditions: NodeCondition[], signal: AbortSignal): Promise<Node> {
    const { client, log } = this.#context;
    const status = { ...node.status, conditions };
    const written = await client.updateStatus(NODES, { ...node, status }, signal);
    this.#latest.note(written);
    log.warn('a node has fallen silent', { node: node.metadata.name });
    return written;
  }

  #reportNotReady(node: Node): void {
    const { name } = node.metadata;
    this.#tell(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    this.#reviewPods(name);
  }

  #reviewPods(nodeName: string): void {
    for (const pod of podsOnNode(this.#pods, nodeName)) this.podReadiness.enqueue(keyOf(pod));
  }

  #observeEviction(node: Node): ObservedEviction {
    const { name } = node.metadata;
    const nowMs = this.#nowMs();
    const sinceMs = this.#notReadySinceMs.get(name);
    const { isClusterDown } = this.#census;
    if (sinceMs === undefined) return { notReadyForMs: 0, isClusterDown, turn: { kind: 'halted' } };
    const turn = this.#queue.turnOf(name, zoneOf(node), nowMs);
    return { notReadyForMs: nowMs - sinceMs, isClusterDown, turn };
  }

  /** Before anything else runs: no two nodes see the same turn. */
  #takeTurn(node: Node, plan: NodeTaintsPlan): void {
    const { name } = node.metadata;
    if (plan.eviction === 'none') this.#queue.withdraw(name);
    if (plan.eviction === 'waiting') this.#queue.enlist(name, zoneOf(node));
    if (plan.eviction === 'taking') this.#queue.take(name, zoneOf(node), this.#nowMs());
  }

  async #writeTaints(node: Node, { taints }: NodeTaintsPlan, signal: AbortSignal): Promise<void> {
    if (taints === undefined) return;
    const { client, log } = this.#context;
    this.#latest.note(await client.update(NODES, { ...node, spec: { ...node.spec, taints } }, signal));
    const shown = taints.map(({ key, effect }) => `${key}:${effect}`);
    log.info('the taints of a node have changed', { node: node.metadata.name, taints: shown });
  }

  /** Brings what is known of all nodes up to date with this one, and wakes those whose turn that changes. */
  #count(node: Node): void {
    const { name } = node.metadata;
    const wasDown = this.#census.isClusterDown;
    this.#census.note(node);
    const isNotReady = readinessOf(node) === 'False' || readinessOf(node) === 'Unknown';
    if (!isNotReady) this.#notReadySinceMs.delete(name);
    else if (!this.#notReadySinceMs.has(name)) this.#notReadySinceMs.set(name, this.#nowMs());
    this.#settleZones(wasDown);
  }

  #forget(node: Node): void {
    const { name } = node.metadata;
    const wasDown = this.#census.isClusterDown;
    this.#tell(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    this.#heartbeats.forget(name);
    this.#census.forget(name);
    this.#queue.withdraw(name);
    this.#notReadySinceMs.delete(name);
    this.#latest.forget(name);
    this.#settleZones(wasDown);
  }

  #settleZones(wasDown: boolean): void {
    const nowMs = this.#nowMs();
    for (const [zone, count] of this.#census.zones) {
      if (!this.#queue.setRate(zone, evictionRate(count), nowMs)) continue;
      for (const name of this.#queue.waitingIn(zone)) this.loop.enqueue(name);
    }
    const isDown = this.#census.isClusterDown;
    if (isDown === wasDown) return;
    if (wasDown) this.#heartbeats.restart(nowMs);
    for (const { metadata } of this.#nodes.list()) this.loop.enqueue(metadata.name);
  }

  #node(name: string): Node | undefined {
    const cached = this.#nodes.get(name);
    return cached === undefined ? undefined : this.#latest.latest(cached);
  }

  #tell(node: Node, reason: string, message: string): void {
    this.#context.recorder.event(node, 'Normal', reason, message);
  }

  #nowMs(): number {
    return this.#context.clock.monotonicMs();
  }
}

/** Its kubelet has: our own writes leave the heartbeat's time alone. */
function hasReported(node: Node, previous: Node): boolean {
  return conditionOf(node, 'Ready')?.lastHeartbeatTime !== conditionOf(previous, 'Ready')?.lastHeartbeatTime;
}

/** In whole milliseconds: a rest that is lost in rounding would be looked at again and again in the same instant. */
function soonest(...delaysMs: (number | undefined)[]): SyncResult {
  const known = delaysMs.filter((delayMs) => delayMs !== undefined);
  return known.length === 0 ? {} : { requeueAfterMs: Math.ceil(Math.min(...known)) };
}
