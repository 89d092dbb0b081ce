/**
 * What the runtime holds, by Pod: listed after every start and end that the runtime tells of, and now and then without one.
 * One list at a time; events during a list cause exactly one more. Workers read the last list and are told when their Pod's
 * part changed.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/pleg; differs: the list follows the event instead of a 1 s timer
 */

import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ContainerRuntime, ContainerStatus, SandboxStatus } from '../container-runtime/runtime.ts';
import { byNewest, POD_UID_LABEL } from './container-identity.ts';
import { RUNTIME_RELIST_MS } from './defaults.ts';
import { NOTHING_RUNNING, type PodRuntime } from './pod-observation.ts';

export interface RuntimeObserverDeps {
  runtime: ContainerRuntime;
  clock: Clock;
  log: Logger;
}

/** Wait after a list or an event stream that failed. */
const RETRY_MS = 1_000;

interface ListedPod extends PodRuntime {
  sandboxes: SandboxStatus[];
  containers: ContainerStatus[];
}

export class RuntimeObserver {
  readonly #deps: RuntimeObserverDeps;
  #pods: ReadonlyMap<string, PodRuntime> = new Map();
  /** Of what the runtime gave last, {@link #pods} were made. */
  #listed: { sandboxes: readonly SandboxStatus[]; containers: readonly ContainerStatus[] } | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Who waits for the next list. */
  readonly #nextSeen: (() => void)[] = [];
  /** Wall ms of the last complete list; 0 before the first. */
  lastListedMs = 0;
  /** Set by the kubelet. */
  onChange: (podUid: string) => void = () => {};

  constructor(deps: RuntimeObserverDeps) {
    this.#deps = deps;
  }

  pod(uid: string): PodRuntime {
    return this.#pods.get(uid) ?? NOTHING_RUNNING;
  }

  /** The very same while the runtime gives the very same. */
  get listed(): object {
    return this.#pods;
  }

  podUids(): Iterable<string> {
    return this.#pods.keys();
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /**
   * Resolves when a list that began after this call is complete.
   * @param seen  called when it is, before anybody is told of what has changed
   */
  refresh(signal: AbortSignal, seen?: () => void): Promise<void> {
    if (seen !== undefined) this.#nextSeen.push(seen);
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin(signal);
    this.#next = this.#beginAfterRunning(signal);
    return this.#next;
  }

  /** As {@link refresh}, again until it works. @param failed  called each time that it has not */
  async untilListed(
    signal: AbortSignal,
    { seen, failed }: { seen?: () => void; failed?: (error: unknown) => void },
  ): Promise<void> {
    for (;;) {
      try {
        return await this.refresh(signal, seen);
      } catch (error) {
        signal.throwIfAborted();
        failed?.(error);
        await this.#deps.clock.sleep(RETRY_MS, signal);
      }
    }
  }

  async #beginAfterRunning(signal: AbortSignal): Promise<void> {
    await this.#running?.catch(() => {});
    this.#next = undefined;
    return this.#begin(signal);
  }

  #begin(signal: AbortSignal): Promise<void> {
    assert(
      this.#running === undefined,
      'one list at a time: an older one would hide what a newer one has shown',
    );
    this.#running = this.#list(signal, this.#nextSeen.splice(0)).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Follows the runtime until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followEvents(signal), this.#relistNowAndThen(signal)]);
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const { type } of this.#deps.runtime.events(signal)) {
          // Who creates a container starts it at once, or lists when that fails.
          if (type !== 'created') this.#refreshInBackground(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.log.warn('the stream of runtime events broke', { error });
      }
      await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }

  async #relistNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(RUNTIME_RELIST_MS, signal).catch(() => {});
      if (!signal.aborted) this.#refreshInBackground(signal);
    }
  }

  #refreshInBackground(signal: AbortSignal): void {
    if (this.#next !== undefined) return;
    this.refresh(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#deps.log.warn('cannot list the containers', { error });
    });
  }

  async #list(signal: AbortSignal, seen: readonly (() => void)[]): Promise<void> {
    const { runtime } = this.#deps;
    const [sandboxes, containers] = await Promise.all([
      runtime.listPodSandboxes(signal),
      runtime.listContainers(signal),
    ]);
    const isSame = this.#listed?.sandboxes === sandboxes && this.#listed.containers === containers;
    this.#listed = { sandboxes, containers };
    const changed = isSame ? [] : this.#regroup(sandboxes, containers);
    this.lastListedMs = this.#deps.clock.now();
    for (const see of seen) see();
    for (const uid of changed) this.onChange(uid);
  }

  /** @returns  the Pods of which something has changed that a worker decides on */
  #regroup(sandboxes: readonly SandboxStatus[], containers: readonly ContainerStatus[]): string[] {
    const before = this.#pods;
    const now: Map<string, PodRuntime> = groupByPod(sandboxes, containers);
    const changed: string[] = [];
    for (const [uid, pod] of now) {
      const known = before.get(uid);
      if (known !== undefined && isIdentical(known, pod)) now.set(uid, known);
      else if (signatureOf(known) !== signatureOf(pod)) changed.push(uid);
    }
    for (const uid of before.keys()) if (!now.has(uid)) changed.push(uid);
    this.#pods = now;
    return changed;
  }
}

function groupByPod(
  sandboxes: readonly SandboxStatus[],
  containers: readonly ContainerStatus[],
): Map<string, PodRuntime> {
  const pods = new Map<string, ListedPod>();
  const uidOfSandbox = new Map<string, string>();
  const podOf = (uid: string): ListedPod => {
    const known = pods.get(uid) ?? { sandboxes: [], containers: [] };
    pods.set(uid, known);
    return known;
  };
  for (const sandbox of sandboxes) {
    uidOfSandbox.set(sandbox.id, sandbox.metadata.uid);
    podOf(sandbox.metadata.uid).sandboxes.push(sandbox);
  }
  for (const container of containers) {
    const uid = uidOfSandbox.get(container.sandboxId) ?? container.labels[POD_UID_LABEL];
    if (uid !== undefined) podOf(uid).containers.push(container);
  }
  for (const pod of pods.values()) {
    // They are kept: a copy is as long as it is, while what grew has room to spare.
    pod.sandboxes = pod.sandboxes.toSorted(
      (a, b) => b.metadata.attempt - a.metadata.attempt || b.createdAtMs - a.createdAtMs,
    );
    pod.containers = pod.containers.toSorted(byNewest);
  }
  return pods;
}

/** The runtime gave the very values again that it gave before. */
function isIdentical(a: PodRuntime, b: PodRuntime): boolean {
  return areIdentical(a.sandboxes, b.sandboxes) && areIdentical(a.containers, b.containers);
}

function areIdentical(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Differs when something that a worker decides on has changed. */
function signatureOf(pod: PodRuntime | undefined): string {
  if (pod === undefined) return '';
  const sandboxes = pod.sandboxes.map(({ id, ip, state }) => `${id} ${state} ${ip}`);
  const containers = pod.containers.map(
    ({ exitCode, id, startedAtMs, state }) => `${id} ${state} ${startedAtMs} ${exitCode}`,
  );
  return [...sandboxes, ...containers].join('\n');
}
