/** What containers did in a run: when each of which Pod started, and when and how it exited. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { PODS } from '../../api/resources.ts';
import { assert } from '../../base/assert.ts';
import { parseStorageKey } from '../object-ref.ts';
import type { ContainerChanged, ObjectCommitted } from '../world/world-event.ts';
import type { ObjectPattern } from './object-pattern.ts';

export interface ContainerMoment {
  /** Since the scenario's beginning. */
  atMs: number;
  podNamespace: string;
  podName: string;
  container: string;
  what: 'started' | 'exited';
  exitCode: number | undefined;
  reason: string | undefined;
}

/** A scenario in which more happens is no scenario. */
const MOMENTS_MAX = 1_000_000;

export class ContainerHistory {
  readonly #moments: ContainerMoment[] = [];
  /** By uid. */
  readonly #pods = new Map<string, { namespace: string; name: string }>();

  committed({ key, object }: ObjectCommitted): void {
    if (parseStorageKey(key)?.row !== PODS) return;
    const { metadata } = object as unknown as Pod;
    this.#pods.set(metadata.uid, { namespace: metadata.namespace ?? '', name: metadata.name });
  }

  changed({ type, podUid, name, exitCode, reason }: ContainerChanged, atMs: number): void {
    if (type !== 'started' && type !== 'stopped') return;
    assert(this.#moments.length < MOMENTS_MAX, 'too many containers start and exit in one scenario');
    const pod = this.#pods.get(podUid);
    this.#moments.push({
      atMs,
      podNamespace: pod?.namespace ?? '',
      podName: pod?.name ?? podUid,
      container: name,
      what: type === 'started' ? 'started' : 'exited',
      exitCode,
      reason,
    });
  }

  /** In order, up to `untilMs`. */
  of({ namespace, name }: ObjectPattern, untilMs: number): ContainerMoment[] {
    return this.#moments.filter(
      ({ podNamespace, podName, atMs }) =>
        podNamespace === namespace && name.test(podName) && atMs <= untilMs,
    );
  }
}
