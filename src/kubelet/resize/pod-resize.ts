/**
 * A Pod's resizes in place, from what its spec asks for to what its containers have:
 *
 *     asked ──fits the node?──▶ allocated ──plan: resizeContainer, or a restart──▶ actual
 *       │ no: PodResizePending      │ not there yet: PodResizeInProgress
 *
 * Made when a resize is first seen; a Pod that is never resized has none.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/allocation/allocation_manager.go
 */
import type { Pod, PodCondition, ResourceRequirements } from '../../api/generated/core-v1.ts';
import {
  equalResizable,
  RESIZE_IN_PROGRESS,
  RESIZE_PENDING,
  resizableContainers,
} from '../../api/pod-resize.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { ContainerStatus } from '../../container-runtime/runtime.ts';
import { podSubject } from '../container-events.ts';
import { newestContainer } from '../container-identity.ts';
import { RESIZE_RETRY_MS } from '../defaults.ts';
import type { PodObservation, Resizing } from '../pod-observation.ts';
import { type Allocation, allocationOf, createdWith, isAllocated, withAllocation } from './allocation.ts';
import type { ResizeRefusal } from './fit-resize.ts';
import { resizeMessage } from './resize-messages.ts';

interface Failure {
  message: string;
  retryAtMs: number;
}

/** What a node has for the Pods that it runs. */
export interface NodeRoom {
  /** Why the node cannot give the Pod what it asks for. */
  refuses(pod: Pod): ResizeRefusal | undefined;
  /** The Pod has been given something else: others may fit now. */
  onAllocated(): void;
}

export interface ResizeDeps {
  events: EventRecorder;
  room: NodeRoom;
}

export class PodResize implements Resizing {
  #allocation: Allocation;
  /** What instances have that do not have what they were created with, by id. */
  readonly #actual: Map<string, ResourceRequirements>;
  readonly #failures = new Map<string, Failure>();
  #pending: (ResizeRefusal & { generation: number | undefined; sinceMs: number }) | undefined;
  /** Of the allocation that is being brought to the containers. */
  #inProgress: { generation: number | undefined } | undefined;
  retryAtMs: number | undefined;

  constructor(allocation: Allocation, actual = new Map<string, ResourceRequirements>()) {
    this.#allocation = allocation;
    this.#actual = actual;
  }

  /** Since when a resize waits for room, wall ms. */
  get deferredSinceMs(): number | undefined {
    return this.#pending?.reason === 'Deferred' ? this.#pending.sinceMs : undefined;
  }

  /** The Pod as its node gives to it. */
  allocated(pod: Pod): Pod {
    return isAllocated(pod, this.#allocation) ? pod : withAllocation(pod, this.#allocation);
  }

  /** Decides anew where the Pod asks for something else than it has been given, and tells how far that has come. */
  look(pod: Pod, { containers, nowMs }: PodObservation, deps: ResizeDeps): void {
    this.#consider(pod, nowMs, deps);
    this.#observe(pod, containers, deps);
  }

  #consider(pod: Pod, nowMs: number, deps: ResizeDeps): void {
    this.retryAtMs = undefined;
    if (isAllocated(pod, this.#allocation)) {
      this.#pending = undefined;
      return;
    }
    const refusal = deps.room.refuses(pod);
    if (refusal === undefined) this.#allocate(pod, deps);
    else this.#postpone(pod, refusal, nowMs, deps);
  }

  #allocate(pod: Pod, { events, room }: ResizeDeps): void {
    const { generation } = pod.metadata;
    this.#allocation = allocationOf(pod);
    this.#pending = undefined;
    this.#failures.clear();
    this.#inProgress = { generation };
    events.event(podSubject(pod), 'Normal', 'ResizeStarted', resizeMessage('started', pod, generation));
    room.onAllocated();
  }

  #postpone(pod: Pod, refusal: ResizeRefusal, nowMs: number, { events }: ResizeDeps): void {
    const { generation } = pod.metadata;
    const { message, reason } = refusal;
    const known = this.#pending;
    const sinceMs = known?.reason === reason ? known.sinceMs : nowMs;
    if (known?.reason !== reason || known.message !== message || known.generation !== generation) {
      const text = resizeMessage(reason, pod, generation, message);
      events.event(podSubject(pod), 'Warning', `Resize${reason}`, text);
    }
    this.#pending = { ...refusal, generation, sinceMs };
    this.retryAtMs = nowMs + RESIZE_RETRY_MS;
  }

  /** Tells when all containers have what was allocated, and forgets those that are gone. */
  #observe(pod: Pod, containers: readonly ContainerStatus[], { events }: ResizeDeps): void {
    for (const id of this.#actual.keys())
      if (!containers.some((container) => container.id === id)) this.#actual.delete(id);
    const isDone = resizableContainers(this.allocated(pod)).every(({ name, resources }) => {
      const newest = newestContainer(containers, name);
      return newest?.state !== 'running' || equalResizable(this.actual(newest), resources);
    });
    if (!isDone) this.#inProgress ??= { generation: pod.metadata.generation };
    if (!isDone || this.#inProgress === undefined) return;
    const { generation } = this.#inProgress;
    this.#inProgress = undefined;
    const text = resizeMessage('completed', this.allocated(pod), generation);
    events.event(podSubject(pod), 'Normal', 'ResizeCompleted', text);
  }

  actual(instance: ContainerStatus): ResourceRequirements | undefined {
    return this.#actual.get(instance.id) ?? createdWith(instance);
  }

  retryAt(name: string): number {
    return this.#failures.get(name)?.retryAtMs ?? 0;
  }

  /** `containerId` has been given `resources`. */
  resized(name: string, containerId: string, resources: ResourceRequirements): void {
    this.#failures.delete(name);
    this.#actual.set(containerId, resources);
  }

  failed(name: string, failure: Failure): void {
    this.#failures.set(name, failure);
  }

  conditions(): PodCondition[] {
    const conditions: PodCondition[] = [];
    if (this.#pending !== undefined) {
      const { generation, message, reason } = this.#pending;
      conditions.push({ type: RESIZE_PENDING, status: 'True', reason, message, ...observed(generation) });
    }
    if (this.#inProgress !== undefined) {
      const [failure] = this.#failures.values();
      const why = failure === undefined ? {} : { reason: 'Error', message: failure.message };
      const { generation } = this.#inProgress;
      conditions.push({ type: RESIZE_IN_PROGRESS, status: 'True', ...why, ...observed(generation) });
    }
    return conditions;
  }
}

function observed(generation: number | undefined): Pick<PodCondition, 'observedGeneration'> {
  return generation === undefined ? {} : { observedGeneration: generation };
}
