/**
 * One Pod's loop: wait for a wake, observe, decide, tell the API, begin what the plan says. All that takes time runs beside
 * it as operations, so a hanging hook of one container never delays the restart of another.
 *
 * Woken by: the runtime's events, probe results, the informer, its own operations and timers.
 */

import type { Pod } from '../api/generated/core-v1.ts';
import { equalJson } from '../api/json.ts';
import { isPodTerminal } from '../api/pod-conditions.ts';
import { onAbort } from '../base/abort.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import { Wake } from '../base/wake.ts';
import { containerSubject, podSubject } from './container-events.ts';
import { formatPod } from './container-identity.ts';
import { nextLookMs } from './next-look.ts';
import { planPod } from './plan-pod.ts';
import { hasStopped, planTermination } from './plan-termination.ts';
import type { PodDeps } from './pod-deps.ts';
import { isForgettable, newPodMemory, type PodMemory } from './pod-memory.ts';
import { type PodObservation, type PodRuntime, VOLUMES_OPERATION } from './pod-observation.ts';
import { beginOperation, type Ending, type OperationContext, podFacts } from './pod-operations.ts';
import type { PodPlan } from './pod-plan.ts';
import { DEADLINE_FAILURE, deadlineMs, nextPodState, type PodState } from './pod-state.ts';
import { type PodFailure, podStatus } from './pod-status.ts';
import { allocationOf, isAllocated, resourcesLeftBehind } from './resize/allocation.ts';
import { PodResize } from './resize/pod-resize.ts';
import { readTerminationMessage } from './termination-message.ts';
import { TerminationOrder } from './termination-order.ts';
import { PodVolumes } from './volumes/pod-volumes.ts';

/** Wait after a look that failed. */
const SYNC_RETRY_MS = 1_000;

interface Work {
  signal: AbortSignal;
  ended: (worker: PodWorker, signal: AbortSignal) => void;
  /** Hears no more of the signal. */
  leave(): void;
}

export class PodWorker {
  readonly #deps: PodDeps;
  readonly #wake: Wake;
  /** Set while somebody waits for it. */
  #terminated: Deferred<void> | undefined;
  /** Set from its beginning to its end. A worker at rest is nothing but its fields: no function of it is suspended. */
  #work: Work | undefined;
  #isLooking = false;
  readonly #volumes: PodVolumes;
  /** These three are absent while nothing is under way: of most Pods nothing is for most of their lives. */
  #remembered: PodMemory | undefined;
  #starts: AbortController | undefined;
  #kills: AbortController | undefined;
  #pod: Pod;
  #state: PodState = { is: 'syncing' };
  #ending: Ending | undefined;
  #isRemoved = false;
  #isRejected = false;
  #eviction: { failure: PodFailure; graceSeconds: number } | undefined;
  #volumesStale = false;
  /** Absent while no resize has been seen, as of most Pods. */
  #resize: PodResize | undefined;
  /** What the last look saw, when it left nothing to do, and the wall time at which that changes by itself. */
  #settled: ({ pod: Pod; untilMs: number } & PodRuntime) | undefined;

  constructor(deps: PodDeps, pod: Pod) {
    this.#deps = deps;
    this.#pod = pod;
    this.#wake = new Wake(deps.clock);
    const left = resourcesLeftBehind(pod, deps.observer.pod(pod.metadata.uid).containers);
    if (left !== undefined) this.#resize = new PodResize(left.allocation, left.actual);
    const { clock, client, host, objects, settings } = deps;
    this.#volumes = new PodVolumes({ clock, client, host, objects, rootDir: settings.rootDir });
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The Pod with what its node gives to it, which may be less than its spec asks for, or still more. */
  get allocatedPod(): Pod {
    return this.#resize?.allocated(this.#pod) ?? this.#pod;
  }

  /** Since when it waits for room to be resized, wall ms. */
  get deferredSinceMs(): number | undefined {
    return this.#resize?.deferredSinceMs;
  }

  get #memory(): PodMemory {
    this.#remembered ??= newPodMemory();
    return this.#remembered;
  }

  get state(): PodState['is'] {
    return this.#state.is;
  }

  /** Resolves when everything of the Pod has stopped for good. */
  get whenTerminated(): Promise<void> {
    if (this.#state.is === 'terminated') return Promise.resolve();
    this.#terminated ??= newDeferred();
    return this.#terminated.promise;
  }

  wake(): void {
    this.#wake.now();
  }

  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    if (this.#isEchoOfStatus(pod, before)) {
      if (this.#settled?.pod === before) this.#settled.pod = pod;
      return;
    }
    const [old, { annotations, generation, labels }] = [before.metadata, pod.metadata];
    if (generation !== old.generation) {
      this.#volumesStale = true;
      this.#resize ??= newResize(before, pod);
    }
    // What volumes may show of the object. Statuses come all the time, and change none of it.
    if (!equalJson(labels, old.labels)) this.#volumesStale = true;
    if (!equalJson(annotations, old.annotations)) this.#volumesStale = true;
    this.#wake.now();
  }

  /**
   * Only the status has changed, to the one that was decided here: there is nothing to learn from it.
   * @see k8s.io/kubernetes/pkg/kubelet/config, which makes a RECONCILE of such a change and no UPDATE
   */
  #isEchoOfStatus(pod: Pod, before: Pod): boolean {
    if (pod.spec.readinessGates?.length) return false;
    return hasSameSubstance(pod, before) && this.#deps.statuses.isShownBy(pod);
  }

  /** The safety net under the events: looks again, unless it would see just what the last look saw and left as it was. */
  resync(): void {
    if (!this.#isSettled()) this.#wake.now();
  }

  #isSettled(): boolean {
    const { clock, observer, statuses } = this.#deps;
    if (this.#settled === undefined || this.#settled.pod !== this.#pod) return false;
    const { uid } = this.#pod.metadata;
    const { sandboxes, containers } = observer.pod(uid);
    const isSame = this.#settled.sandboxes === sandboxes && this.#settled.containers === containers;
    return isSame && clock.now() < this.#settled.untilMs && statuses.isWritten(uid);
  }

  /** The object is gone from the API. @param last  its last state: how soon a deletion that could not wait wants the end */
  removed(last: Pod): void {
    this.#pod = last;
    this.#isRemoved = true;
    this.#deps.statuses.forget(last.metadata.uid);
    this.#wake.now();
  }

  /** A ConfigMap or Secret of the Pod has changed. */
  sourcesChanged(): void {
    this.#volumesStale = true;
    // What failed for want of it may work now.
    for (const failure of this.#memory.startFailures.values()) {
      if (failure.reason === 'CreateContainerConfigError') failure.retryAtMs = 0;
    }
    this.#memory.volumesRetryAtMs = 0;
    this.#wake.now();
  }

  /**
   * Whether the Pod counts for what the node has left: not once its object is gone, even if its containers have not ended
   * yet, since the scheduler does not count it either and would send one Pod after another.
   * @see k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go filterOutInactivePods
   */
  get holdsResources(): boolean {
    return !this.#isRemoved && !this.#isRejected && !isPodTerminal(this.#pod);
  }

  /** Ends a Pod that never was to run here, as Failed. */
  reject(failure: PodFailure): void {
    this.#isRejected = true;
    this.evict(failure, 1);
  }

  /** Ends the Pod as Failed. */
  evict(failure: PodFailure, graceSeconds: number): void {
    this.#eviction ??= { failure, graceSeconds };
    this.#wake.now();
  }

  /**
   * Works until the Pod has ended and its object is gone, and calls `ended`; or until `signal` aborts, when containers keep
   * running.
   */
  begin(signal: AbortSignal, ended: Work['ended']): void {
    if (signal.aborted) return;
    const leave = onAbort(signal, () => {
      this.#starts?.abort(signal.reason);
      this.#kills?.abort(signal.reason);
      if (!this.#isLooking) this.#end();
    });
    const work = { signal, ended, leave };
    this.#work = work;
    this.#wake.listen(() => void this.#lookWhileWoken(work));
  }

  get #isOver(): boolean {
    return this.#state.is === 'terminated' && this.#isRemoved;
  }

  async #lookWhileWoken({ signal, ended }: Work): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    // Whoever wakes it goes on first, and may have more to tell.
    await Promise.resolve();
    while (!signal.aborted && !this.#isOver && this.#wake.take()) await this.#look(signal);
    this.#isLooking = false;
    if (!signal.aborted && !this.#isOver) return;
    this.#end();
    if (!signal.aborted) ended(this, signal);
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      await this.#sync(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#deps.log.error('a look at a Pod failed', { pod: formatPod(this.#pod), error });
      this.#wake.at(this.#deps.clock.now() + SYNC_RETRY_MS);
    }
  }

  #end(): void {
    this.#work?.leave();
    this.#work = undefined;
    this.#wake.close();
    this.#deps.probes.remove(this.#pod.metadata.uid);
    this.#deps.objects.release(this.#pod.metadata.uid);
  }

  async #sync(signal: AbortSignal): Promise<void> {
    this.#settled = undefined;
    await this.#readMessages(signal);
    this.#syncProbes(signal);
    const observed = this.#observe();
    const plan = this.#state.is === 'syncing' ? this.#planPod(observed) : planTermination(observed);
    const before = this.#state;
    this.#advance(observed, plan);
    if (before !== this.#state) {
      // A new state has a plan of its own: the next look makes it.
      this.#wake.now();
      if (this.#state.is === 'terminated') await this.#cleanUp(signal);
    } else if (this.#state.is !== 'terminated') this.#apply(plan, signal);
    this.#tellWaiting(plan);
    this.#report(observed, plan, signal);
    this.#settle(plan, observed);
  }

  #planPod(observed: PodObservation): PodPlan {
    this.#resize?.look(this.#pod, observed, this.#deps);
    return planPod(this.allocatedPod, observed);
  }

  #observe(): PodObservation {
    const { clock, observer, probes } = this.#deps;
    const runtime = observer.pod(this.#pod.metadata.uid);
    const memory = this.#memory;
    return {
      ...runtime,
      nowMs: clock.now(),
      probes: probes.results(this.#pod, runtime.containers),
      inFlight: memory.inFlight,
      startFailures: memory.startFailures,
      postStartPending: memory.postStartPending,
      killedForChange: memory.killedForChange,
      resizing: this.#resize,
      volumesReady: this.#volumes.isMounted,
      sandboxRetryAtMs: memory.sandboxRetryAtMs,
      volumesRetryAtMs: memory.volumesRetryAtMs,
    };
  }

  #advance(observed: PodObservation, plan: PodPlan): void {
    const isFinished = plan.actions.some((action) => action.do === 'finish');
    const next = nextPodState(this.#state, {
      pod: this.#pod,
      nowMs: observed.nowMs,
      isRemoved: this.#isRemoved,
      eviction: this.#eviction,
      isFinished,
      hasStopped: hasStopped(observed),
    });
    if (next === this.#state) return;
    if (next.is === 'terminating') this.#beginEnding(next, observed);
    this.#state = next;
  }

  #beginEnding(next: Extract<PodState, { is: 'terminating' }>, observed: PodObservation): void {
    const { events } = this.#deps;
    if (this.#ending !== undefined) {
      // The grace period got shorter: the kills begin again with what is left, without the hooks.
      this.#kills?.abort();
      this.#kills = undefined;
    } else {
      this.#starts?.abort();
      const { failure } = next;
      if (failure === DEADLINE_FAILURE)
        events.event(podSubject(this.#pod), 'Normal', failure.reason, failure.message);
    }
    const running = observed.containers.filter(({ state }) => state === 'running');
    const names = running.map(({ metadata }) => metadata.name);
    const order = new TerminationOrder(this.#pod, names);
    this.#ending = { graceSeconds: next.graceSeconds, order, runsHooks: this.#ending === undefined };
  }

  #apply(plan: PodPlan, signal: AbortSignal): void {
    const actions = plan.actions.filter((action) => action.do !== 'finish');
    if (this.#mustRefreshVolumes()) {
      this.#volumesStale = false;
      actions.push({ do: 'mountVolumes' });
    }
    if (actions.length === 0) return;
    this.#starts ??= newOperationScope(signal, this.#ending !== undefined);
    this.#kills ??= newOperationScope(signal, false);
    const context: OperationContext = {
      deps: this.#deps,
      pod: this.allocatedPod,
      memory: this.#memory,
      volumes: this.#volumes,
      resize: this.#resize,
      ending: this.#ending,
      startSignal: this.#starts.signal,
      killSignal: this.#kills.signal,
      agentSignal: signal,
      onEnd: () => this.#wake.now(),
    };
    for (const action of actions) beginOperation(context, action);
  }

  /** Mounted payloads are brought up to date, when a source changed or a token is due. */
  #mustRefreshVolumes(): boolean {
    if (this.#state.is !== 'syncing' || !this.#volumes.isMounted) return false;
    if (this.#memory.inFlight.has(VOLUMES_OPERATION)) return false;
    const nowMs = this.#deps.clock.now();
    const isDue = nowMs >= (this.#volumes.refreshAtMs ?? Infinity);
    return (this.#volumesStale || isDue) && nowMs >= this.#memory.volumesRetryAtMs;
  }

  #syncProbes(signal: AbortSignal): void {
    const { observer, probes } = this.#deps;
    const { containers, sandboxes } = observer.pod(this.#pod.metadata.uid);
    const { podIp } = podFacts(this.#deps, this.#pod);
    const sandboxId = sandboxes[0]?.id;
    const probed = containers.filter(
      ({ id, sandboxId: own, state }) =>
        state === 'running' && own === sandboxId && !this.#memory.postStartPending.has(id),
    );
    const isStopping = this.#state.is !== 'syncing';
    probes.sync(
      this.#pod,
      probed.map((instance) => ({ instance, podIp, isStopping })),
      signal,
    );
  }

  async #readMessages(signal: AbortSignal): Promise<void> {
    const { observer } = this.#deps;
    const { messages } = this.#memory;
    const { containers } = observer.pod(this.#pod.metadata.uid);
    for (const instance of containers) {
      if (instance.state !== 'exited' || messages.has(instance.id)) continue;
      messages.set(instance.id, '');
      messages.set(instance.id, await readTerminationMessage(this.#deps, instance, signal));
    }
    for (const id of messages.keys())
      if (!containers.some((instance) => instance.id === id)) messages.delete(id);
  }

  #report(observed: PodObservation, plan: PodPlan, signal: AbortSignal): void {
    if (this.#isRemoved) return;
    const { settings, statuses } = this.#deps;
    const state = this.#state;
    const isStopped = state.is === 'terminated';
    const status = podStatus({
      pod: this.allocatedPod,
      observed,
      waiting: plan.waiting,
      runtimeName: settings.runtimeName,
      messages: this.#memory.messages,
      isStopped,
      mayStillRun: state.is === 'terminating',
      hostIps: settings.hostIps,
      resizing: this.#resize,
      resizeConditions: this.#resize?.conditions() ?? [],
      failure: state.is === 'syncing' ? undefined : state.failure,
      known: statuses.known(this.#pod.metadata.uid),
    });
    const remove = isStopped && this.#pod.metadata.deletionTimestamp !== undefined;
    statuses.set(this.#pod, status, { remove }, signal);
  }

  async #cleanUp(signal: AbortSignal): Promise<void> {
    this.#terminated?.resolve();
    await this.#volumes.remove(this.#pod.metadata.uid, signal);
  }

  /** Events for waits that kubectl shows as BackOff, once per beginning of a wait. */
  #tellWaiting(plan: PodPlan): void {
    const { events } = this.#deps;
    for (const [name, { reason, message }] of plan.waiting) {
      const told = `${reason} ${message}`;
      if (this.#memory.toldWaiting.get(name) === told) continue;
      this.#memory.toldWaiting.set(name, told);
      const subject = containerSubject(this.#pod, name);
      if (reason === 'CrashLoopBackOff') {
        const text = `Back-off restarting failed container ${name} in pod ${formatPod(this.#pod)}`;
        events.event(subject, 'Warning', 'BackOff', text);
      } else if (reason === 'ImagePullBackOff') {
        const [text] = message.split(': ', 1);
        events.event(subject, 'Normal', 'BackOff', text!);
        events.event(subject, 'Warning', 'Failed', 'Error: ImagePullBackOff');
      }
    }
    for (const name of this.#memory.toldWaiting.keys()) {
      if (!plan.waiting.has(name)) this.#memory.toldWaiting.delete(name);
    }
  }

  #settle(plan: PodPlan, observed: PodObservation): void {
    const { inFlight, volumesRetryAtMs } = this.#memory;
    const deadline = this.#state.is === 'syncing' ? deadlineMs(this.#pod) : undefined;
    const moments = [
      plan.replanAtMs,
      this.#volumes.refreshAtMs,
      volumesRetryAtMs,
      deadline,
      this.#resize?.retryAtMs,
    ];
    const untilMs = nextLookMs(observed.nowMs, moments);
    this.#wake.at(untilMs);
    if (plan.actions.length > 0 || inFlight.size > 0) return;
    const { sandboxes, containers } = observed;
    this.#settled = { pod: this.#pod, sandboxes, containers, untilMs };
    if (this.#state.is === 'syncing' && isForgettable(this.#memory)) {
      this.#remembered = undefined;
      this.#starts = undefined;
      this.#kills = undefined;
    }
  }
}

/** `undefined` when `pod` asks for what `before` did. */
function newResize(before: Pod, pod: Pod): PodResize | undefined {
  const given = allocationOf(before);
  return isAllocated(pod, given) ? undefined : new PodResize(given);
}

/** Under which operations of an agent run. @param isOver  it is too late for them */
function newOperationScope(agent: AbortSignal, isOver: boolean): AbortController {
  const scope = new AbortController();
  if (agent.aborted || isOver) scope.abort(agent.reason);
  return scope;
}

/** Nothing but status and resourceVersion differs, and who wrote what. */
function hasSameSubstance({ metadata, spec }: Pod, { metadata: old, spec: oldSpec }: Pod): boolean {
  return (
    metadata.generation === old.generation &&
    metadata.deletionTimestamp === old.deletionTimestamp &&
    metadata.deletionGracePeriodSeconds === old.deletionGracePeriodSeconds &&
    equalJson(metadata.labels, old.labels) &&
    equalJson(metadata.annotations, old.annotations) &&
    equalJson(metadata.finalizers, old.finalizers) &&
    equalJson(spec, oldSpec)
  );
}
