/**
 * Who waits for whom when a Pod ends: main containers for nobody; each sidecar for all main containers and for the
 * sidecars after it. The wait counts in the grace period.
 *
 * @see kuberuntime_termination_order.go
 */

import type { Pod } from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';

export class TerminationOrder {
  readonly #ended = new Map<string, Deferred<void>>();
  readonly #prerequisites = new Map<string, string[]>();

  /** @param running  names of the containers that run now */
  constructor(pod: Pod, running: readonly string[]) {
    for (const name of running) this.#ended.set(name, newDeferred());
    let before = pod.spec.containers.map(({ name }) => name);
    for (const spec of (pod.spec.initContainers ?? []).filter(isSidecar).toReversed()) {
      this.#prerequisites.set(spec.name, before);
      before = [...before, spec.name];
    }
  }

  /** Resolves when everything that must end before `name` has. */
  async turnOf(name: string): Promise<void> {
    const names = this.#prerequisites.get(name) ?? [];
    for (const prerequisite of names) await this.#ended.get(prerequisite)?.promise;
  }

  /** `name` has ended. */
  ended(name: string): void {
    this.#ended.get(name)?.resolve();
  }
}
