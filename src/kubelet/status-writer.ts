/**
 * Brings Pod statuses into the API: the newest one only, only when it differs, again until it is there. When a Pod that is
 * being deleted has stopped for good, its object is removed.
 *
 * One writer at a time per Pod, so a newer status never loses to an older one.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/status status_manager.go
 */

import type { Pod, PodStatus } from '../api/generated/core-v1.ts';
import { PODS } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import type { Logger } from '../base/logger.ts';
import { hasReason } from '../base/status-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import { statusPatch } from './status-patch.ts';

export interface StatusWriterDeps {
  client: ApiClient;
  clock: Clock;
  log: Logger;
}

const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 10_000;

interface Entry {
  pod: Pod;
  wanted: PodStatus;
  /** Remove the object once `wanted` is written. */
  remove: boolean;
  /** The object as the last write returned it; newer than the informer's until that has caught up. */
  written: { basedOn: string; pod: Pod } | undefined;
  isWriting: boolean;
  isDirty: boolean;
  gone: boolean;
}

export class StatusWriter {
  readonly #deps: StatusWriterDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #idle = new Set<ReturnType<typeof newDeferred<void>>>();

  constructor(deps: StatusWriterDeps) {
    this.#deps = deps;
  }

  /** The status last decided for the Pod, written or not. */
  known(podUid: string): PodStatus | undefined {
    return this.#entries.get(podUid)?.wanted;
  }

  /** Nothing of it waits to be written. */
  isWritten(podUid: string): boolean {
    const entry = this.#entries.get(podUid);
    return entry === undefined || !(entry.isWriting || entry.isDirty);
  }

  /** `pod`, as the API has it, shows the status last decided for it, and nothing that would have to be taken back. */
  isShownBy(pod: Pod): boolean {
    const entry = this.#entries.get(pod.metadata.uid);
    return entry !== undefined && statusPatch(pod, entry.wanted) === undefined;
  }

  /** Wants `status` in the API. @param remove  and then the object gone; the Pod has stopped */
  set(pod: Pod, status: PodStatus, options: { remove: boolean }, signal: AbortSignal): void {
    const { uid } = pod.metadata;
    const entry = this.#entries.get(uid) ?? {
      pod,
      wanted: status,
      remove: false,
      written: undefined,
      isWriting: false,
      isDirty: false,
      gone: false,
    };
    this.#entries.set(uid, entry);
    Object.assign(entry, { pod, wanted: status, remove: options.remove, isDirty: true });
    if (!entry.isWriting) void this.#write(entry, signal);
  }

  /** The object is gone from the API. */
  forget(podUid: string): void {
    const entry = this.#entries.get(podUid);
    if (entry !== undefined) entry.gone = true;
    this.#entries.delete(podUid);
  }

  /** Resolves when nothing is left to write. */
  async flushed(): Promise<void> {
    if ([...this.#entries.values()].every(({ isWriting }) => !isWriting)) return;
    const idle = newDeferred();
    this.#idle.add(idle);
    await idle.promise;
  }

  async #write(entry: Entry, signal: AbortSignal): Promise<void> {
    entry.isWriting = true;
    let retryMs = RETRY_BASE_MS;
    while (entry.isDirty && !entry.gone && !signal.aborted) {
      entry.isDirty = false;
      try {
        await this.#writeOnce(entry, signal);
        retryMs = RETRY_BASE_MS;
      } catch (error) {
        if (signal.aborted || hasReason(error, 'NotFound')) break;
        entry.isDirty = true;
        this.#deps.log.warn('cannot write the status of a Pod', { pod: entry.pod.metadata.name, error });
        await this.#deps.clock.sleep(retryMs, signal).catch(() => {});
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
    entry.isWriting = false;
    if (this.#idle.size === 0) return;
    if ([...this.#entries.values()].some(({ isWriting }) => isWriting)) return;
    for (const idle of this.#idle) idle.resolve();
    this.#idle.clear();
  }

  async #writeOnce(entry: Entry, signal: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    const { pod, remove, wanted } = entry;
    const { name, namespace = '', resourceVersion, uid } = pod.metadata;
    const target = { namespace, name };
    const base = entry.written?.basedOn === resourceVersion ? entry.written.pod : pod;
    const body = statusPatch(base, wanted);
    if (body !== undefined) {
      const written = await client.patch(
        PODS,
        target,
        { type: 'strategic', body, subresource: 'status' },
        signal,
      );
      entry.written = { basedOn: resourceVersion, pod: written };
    }
    if (!remove || entry.wanted !== wanted) return;
    await client.delete(PODS, target, { gracePeriodSeconds: 0, preconditions: { uid } }, signal);
    // Finalizers may keep the object; then its deletion is someone else's to finish.
    entry.gone = true;
  }
}
