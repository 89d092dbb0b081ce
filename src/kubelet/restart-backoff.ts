/**
 * When a container that exited may start again.
 *
 * The state is on the containers themselves: each start carries, as an annotation, the back-off that its successor must
 * wait for. So the curve survives the agent's death, and nothing here remembers anything.
 *
 * start 0: carries 0        exit → at once
 * start 1: carries 10 s     exit → wait 10 s
 * start 2: carries 20 s     exit → wait 20 s … 300 s
 * an exit more than twice the cap (10 min) after its start counts as start 0 again; a container that was created and
 * never started, since the agent died in between, hands on what it carries.
 *
 * @see k8s.io/client-go/util/flowcontrol Backoff; kuberuntime doBackOff; differs: survives a kubelet restart
 */

import type { Container, Pod } from '../api/generated/core-v1.ts';
import { formatGoDuration, parseGoDuration } from '../base/duration.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import {
  BACKOFF_ANNOTATION,
  containerHash,
  formatPod,
  HASH_ANNOTATION,
  RETRY_ANNOTATION,
} from './container-identity.ts';
import { RESTART_BACKOFF_BASE_MS, RESTART_BACKOFF_MAX_MS } from './defaults.ts';

export interface BackoffCurve {
  baseMs: number;
  maxMs: number;
}

export type RestartDecision =
  /** Start now; the new container carries `carryMs`. */
  { startNow: true; carryMs: number } | { startNow: false; atMs: number; backoffMs: number };

const DEFAULT_CURVE: BackoffCurve = {
  baseMs: RESTART_BACKOFF_BASE_MS,
  maxMs: RESTART_BACKOFF_MAX_MS,
};

/** Pod annotation `base..max`, such as `1s..60s`: a curve of the workload's own. */
const CURVE_ANNOTATION = 'kintsugi.dev/restart-backoff';

/** The Pod's curve; a malformed annotation is ignored. */
function backoffCurve(pod: Pod): BackoffCurve {
  const [base = '', max = ''] = (pod.metadata.annotations?.[CURVE_ANNOTATION] ?? '').split('..');
  const baseMs = parseGoDuration(base);
  const maxMs = parseGoDuration(max);
  if (baseMs === undefined || maxMs === undefined || baseMs > maxMs) return DEFAULT_CURVE;
  return { baseMs, maxMs };
}

/**
 * Decides whether the container may start now that `last`, its newest instance, is no longer running.
 *
 * @param last   the newest instance in the runtime; absent for a first start
 * @param nowMs  wall time, ms
 */
export function decideRestart(
  pod: Pod,
  container: Container,
  last: ContainerStatus | undefined,
  nowMs: number,
): RestartDecision {
  if (last === undefined) return { startNow: true, carryMs: 0 };
  const curve = backoffCurve(pod);
  const carriedMs = carriedBackoff(pod, container, last, curve);
  if (last.state !== 'exited') return { startNow: true, carryMs: carriedMs };
  if (carriedMs === 0) return { startNow: true, carryMs: curve.baseMs };
  const atMs = last.finishedAtMs + carriedMs;
  if (nowMs < atMs) return { startNow: false, atMs, backoffMs: carriedMs };
  return { startNow: true, carryMs: Math.min(carriedMs * 2, curve.maxMs) };
}

function carriedBackoff(pod: Pod, container: Container, last: ContainerStatus, curve: BackoffCurve): number {
  if (last.annotations[HASH_ANNOTATION] !== containerHash(container)) return 0;
  if ((last.annotations[RETRY_ANNOTATION] ?? '') !== retryValue(pod)) return 0;
  if (last.finishedAtMs - last.createdAtMs > curve.maxMs * 2) return 0;
  return Math.min(Number(last.annotations[BACKOFF_ANNOTATION] ?? 0), curve.maxMs);
}

/** The Pod's `kintsugi.dev/retry`: any change of it lifts the back-off of its containers. */
export function retryValue(pod: Pod): string {
  return pod.metadata.annotations?.[RETRY_ANNOTATION] ?? '';
}

/** `back-off 10s restarting failed container=web pod=web-1_default(UID)` */
export function backoffMessage(pod: Pod, name: string, backoffMs: number): string {
  return `back-off ${formatGoDuration(backoffMs)} restarting failed container=${name} pod=${formatPod(pod)}`;
}

/** The next wait in a doubling curve; `previousMs` 0 for the first. */
export function nextBackoff(previousMs: number, curve: BackoffCurve): number {
  return previousMs === 0 ? curve.baseMs : Math.min(previousMs * 2, curve.maxMs);
}
