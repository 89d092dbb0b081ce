/**
 * Gives every Pod that has no node one: takes the next from the queue, decides on a snapshot of the cluster, assumes the
 * decision at once and writes the binding beside the next decision. A Pod that fits nowhere may have lesser ones leave.
 *
 * Invariant: decisions are made one after another, each on a snapshot that counts all decisions before it. A binding that
 * fails is taken back, and its Pod comes again; one whose outcome is unknown counts until it is known.
 */
import { namespaceOf } from '../api/meta.ts';
import { isPodTerminating } from '../api/pod-conditions.ts';
import { PODS } from '../api/resources.ts';
import { isCancellation } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { hasReason, StatusError } from '../base/status-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { InformerFactory } from '../client/informer.ts';
import { bindPod } from './binding.ts';
import { ClusterObserver } from './cluster-observer.ts';
import { BINDINGS_IN_FLIGHT_MAX, DECIDING_MAX_MS } from './defaults.ts';
import type { Feasibility } from './feasibility.ts';
import { newPodInfo, type PodInfo } from './pod-info.ts';
import { patchPodStatus, preemptedCondition, statusPatch, unschedulableCondition } from './pod-reports.ts';
import { planPreemption } from './preemption/plan-preemption.ts';
import type { Candidate } from './preemption/select-victims.ts';
import type { Rejections } from './rejections.ts';
import { schedulePod } from './schedule-pod.ts';

export interface SchedulerContext {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  informers: InformerFactory;
  recorder: EventRecorder;
}

const NO_NODES = 'no nodes available to schedule pods';

export class Scheduler {
  readonly name = 'scheduler';
  readonly #context: SchedulerContext;
  readonly #cluster: ClusterObserver;
  /** Bindings, reports and preemptions on their way. */
  readonly #writes = new Set<Promise<void>>();
  #start = 0;

  constructor(context: SchedulerContext) {
    this.#context = context;
    this.#cluster = new ClusterObserver(context);
  }

  /** Works until `signal` aborts; resolves when nothing is being written any more. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#cluster.whenSynced(signal);
      await this.#decideForever(signal);
    } catch (error) {
      if (!isCancellation(error, signal)) throw error;
    } finally {
      this.#cluster.queue.close();
      await Promise.allSettled(this.#writes);
    }
  }

  async #decideForever(signal: AbortSignal): Promise<never> {
    const { clock } = this.#context;
    let sinceMs = clock.monotonicMs();
    for (;;) {
      const pod = this.#cluster.queue.take();
      if (pod === undefined) await this.#cluster.queue.whenActive(signal);
      else this.#decide(newPodInfo(pod), signal);
      while (this.#writes.size >= BINDINGS_IN_FLIGHT_MAX) await Promise.race(this.#writes);
      signal.throwIfAborted();
      if (clock.monotonicMs() - sinceMs < DECIDING_MAX_MS) continue;
      await clock.sleep(0, signal);
      sinceMs = clock.monotonicMs();
    }
  }

  #decide(info: PodInfo, signal: AbortSignal): void {
    const outcome = schedulePod(info, {
      cluster: this.#cluster.snapshot,
      start: this.#start,
      random: this.#context.random,
    });
    if ('bound' in outcome) {
      this.#start = outcome.nextStart;
      this.#cluster.assume(info, outcome.bound);
      this.#track(this.#bind(info, outcome.bound, signal), info, signal);
    } else {
      this.#postpone(info, outcome, signal);
    }
  }

  async #bind(info: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const { pod } = info;
    const outcome = await bindPod(pod, nodeName, this.#context, signal);
    if (outcome.kind === 'bound') {
      this.#cluster.bound(info);
      const message = `Successfully assigned ${namespaceOf(pod)}/${pod.metadata.name} to ${nodeName}`;
      this.#context.recorder.event(pod, 'Normal', 'Scheduled', message);
      return;
    }
    const isTakenBack = this.#cluster.takeBack(info);
    if (outcome.kind === 'gone' || !isTakenBack) return;
    this.#context.log.warn('binding failed, will retry', { pod: info.key, error: outcome.error });
    this.#cluster.queue.retry(info.key);
  }

  #postpone(
    info: PodInfo,
    { rejections, feasibility }: { rejections: Rejections; feasibility: Feasibility },
    signal: AbortSignal,
  ): void {
    const { queue, snapshot, leaving, budgetsOf } = this.#cluster;
    queue.unschedulable(info.key, rejections.filters);
    if (snapshot.nodes.length === 0) {
      this.#track(this.#report(info, NO_NODES, signal), info, signal);
      return;
    }
    const { random } = this.#context;
    const seen = { cluster: snapshot, rejections, feasibility, budgetsOf, leaving, random };
    const plan = planPreemption(info, seen);
    if ('preempt' in plan) {
      this.#track(this.#preempt(info, plan.preempt, { message: rejections.message(), signal }), info, signal);
      return;
    }
    if (!plan.keepNomination) snapshot.nominations.remove(info.key);
    this.#track(
      this.#report(info, `${rejections.message()} preemption: ${plan.refused}`, signal),
      info,
      signal,
    );
  }

  async #report({ pod, key }: PodInfo, message: string, signal: AbortSignal): Promise<void> {
    const { client, clock, recorder } = this.#context;
    recorder.event(pod, 'Warning', 'FailedScheduling', message);
    const nominatedNodeName = this.#cluster.snapshot.nominations.nodeOf(key) ?? '';
    const change = { condition: unschedulableCondition(message), nominatedNodeName };
    await patchPodStatus(client, pod, statusPatch(pod, change, clock.now()), signal);
  }

  /** The node is promised before anybody is told to go: whoever comes later counts the Pod there. */
  async #preempt(
    info: PodInfo,
    { nodeName, victims }: Candidate,
    { message, signal }: { message: string; signal: AbortSignal },
  ): Promise<void> {
    const { client, clock } = this.#context;
    const displaced = this.#cluster.nominate(info, nodeName);
    this.#cluster.sendAway(victims);
    await this.#report(info, message, signal);
    for (const { pod } of displaced) {
      await patchPodStatus(client, pod, statusPatch(pod, { nominatedNodeName: '' }, clock.now()), signal);
    }
    await Promise.all(victims.map((victim) => this.#evict(victim, { preemptor: info, nodeName, signal })));
  }

  async #evict(
    victim: PodInfo,
    { preemptor, nodeName, signal }: { preemptor: PodInfo; nodeName: string; signal: AbortSignal },
  ): Promise<void> {
    const { client, clock, recorder } = this.#context;
    const { pod } = victim;
    const { name, namespace = '', uid } = pod.metadata;
    const eviction = async () => {
      if (!isPodTerminating(pod)) {
        const change = { condition: preemptedCondition(preemptor.pod) };
        await patchPodStatus(client, pod, statusPatch(pod, change, clock.now()), signal);
        await client.delete(PODS, { namespace, name }, { preconditions: { uid } }, signal);
      }
      const message = `Preempted by pod ${preemptor.pod.metadata.uid} on node ${nodeName}`;
      recorder.event(pod, 'Normal', 'Preempted', message);
    };
    await eviction().catch((error: unknown) => {
      this.#cluster.staysOn(victim);
      // It is gone, or another one has its name: there is room, and the cache will show it.
      if (!(error instanceof StatusError) || !hasReason(error, 'NotFound', 'Conflict')) throw error;
    });
  }

  /** Of a write that fails otherwise than by its Pod's absence its Pod hears again: it is decided on anew. */
  #track(work: Promise<void>, { key }: PodInfo, signal: AbortSignal): void {
    const tracked = work
      .catch((error: unknown) => {
        if (isCancellation(error, signal)) return;
        if (!(error instanceof StatusError)) throw error;
        if (hasReason(error, 'NotFound', 'Conflict')) return;
        this.#context.log.warn('cannot write what was decided, will retry', { pod: key, error });
        this.#cluster.queue.reconsider(key);
      })
      .finally(() => this.#writes.delete(tracked));
    this.#writes.add(tracked);
  }
}
