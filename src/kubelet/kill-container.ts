/**
 * Ends one container: the Event, its preStop hook, its turn among the sidecars, the stop signal with what is left of the
 * grace period, SIGKILL. The hook and the wait for the turn count in the grace period.
 *
 * @see kuberuntime killContainer
 */

import type { Container, Pod } from '../api/generated/core-v1.ts';
import { abortable, newScope } from '../base/abort.ts';
import type { Logger } from '../base/logger.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import { containerSubject } from './container-events.ts';
import { type HookDeps, remainingGraceMs, runHook } from './lifecycle.ts';
import type { TerminationOrder } from './termination-order.ts';

export interface KillDeps extends HookDeps {
  events: EventRecorder;
  log: Logger;
}

export interface KillRequest {
  pod: Pod;
  /** Absent when the spec does not name it any more. */
  container: Container | undefined;
  instance: ContainerStatus;
  podIp: string;
  message: string;
  graceSeconds: number;
  order: TerminationOrder | undefined;
  /** False where the hook has been run: a second deletion has shortened the grace period. */
  runsHook: boolean;
}

/** Resolves when the container has exited. Aborting `signal` leaves it to whoever kills it next. */
export async function killContainer(
  deps: KillDeps,
  request: KillRequest,
  signal: AbortSignal,
): Promise<void> {
  const { graceSeconds, instance, message, order, pod } = request;
  const { name } = instance.metadata;
  const beganMs = deps.clock.monotonicMs();
  if (request.runsHook) deps.events.event(containerSubject(pod, name), 'Normal', 'Killing', message);
  await runPreStop(deps, request, signal);
  if (order !== undefined && graceSeconds > 0) {
    const spentMs = deps.clock.monotonicMs() - beganMs;
    await withinTime(deps, order.turnOf(name), graceSeconds * 1000 - spentMs, signal);
  }
  const remainingMs = remainingGraceMs(graceSeconds, deps.clock.monotonicMs() - beganMs);
  await deps.runtime.stopContainer(instance.id, remainingMs, signal);
  order?.ended(name);
}

async function runPreStop(deps: KillDeps, request: KillRequest, signal: AbortSignal): Promise<void> {
  const { container, graceSeconds, instance, podIp, pod } = request;
  const handler = container?.lifecycle?.preStop;
  const mayRun = request.runsHook && graceSeconds > 0 && instance.state === 'running';
  if (container === undefined || handler === undefined || !mayRun) return;
  const scope = newScope(signal);
  const target = { container, containerId: instance.id, podIp };
  const hook = runHook(deps, target, handler, scope.signal).catch((error: unknown) => {
    if (scope.signal.aborted) return;
    deps.log.warn('preStop hook failed', { pod: pod.metadata.name, container: container.name, error });
    const subject = containerSubject(pod, container.name);
    deps.events.event(subject, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
  });
  await withinTime(deps, hook, graceSeconds * 1000, signal);
  scope.abort();
}

/** Waits for `promise`, at most `timeoutMs`. */
async function withinTime(
  { clock }: KillDeps,
  promise: Promise<unknown>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (timeoutMs <= 0) return;
  const timeout = Promise.withResolvers<void>();
  const timer = clock.setTimer(timeoutMs, () => timeout.resolve());
  await abortable(Promise.race([promise, timeout.promise]), signal).finally(() => timer.cancel());
}
