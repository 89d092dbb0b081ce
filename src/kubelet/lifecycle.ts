/**
 * Hooks and the arithmetic of ending a container: which grace period applies, and what of it is left.
 *
 * @see kuberuntime killContainer, executePreStopHook, setTerminationGracePeriod; lifecycle/handlers.go
 */

import type { Container, LifecycleHandler, Pod } from '../api/generated/core-v1.ts';
import type { Clock } from '../base/clock.ts';
import type { ContainerRuntime } from '../container-runtime/runtime.ts';
import { GRACE_DEFAULT_SECONDS, GRACE_MIN_SECONDS } from './defaults.ts';
import type { KillReason } from './pod-plan.ts';
import type { Prober } from './probes/prober.ts';
import { toHttpRequest } from './probes/run-probe.ts';

export interface HookDeps {
  clock: Clock;
  runtime: ContainerRuntime;
  prober: Prober;
}

export interface HookTarget {
  container: Container;
  containerId: string;
  podIp: string;
}

/** A hook has no time limit of its own; a GET in it that gets no answer is given up after this. */
const HOOK_HTTP_TIMEOUT_MS = 30_000;
/** Long past every grace period. */
const HOOK_EXEC_TIMEOUT_MS = 24 * 3_600_000;

/** Runs a hook to its end. @throws Error when it failed */
export async function runHook(
  { clock, runtime, prober }: HookDeps,
  { container, containerId, podIp }: HookTarget,
  handler: LifecycleHandler,
  signal: AbortSignal,
): Promise<void> {
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? [];
    const { exitCode } = await runtime.execSync(containerId, command, HOOK_EXEC_TIMEOUT_MS, signal);
    if (exitCode !== 0) throw new Error(`command '${command.join(' ')}' exited with ${exitCode}`);
  } else if (handler.httpGet !== undefined) {
    const request = toHttpRequest(handler.httpGet, container, podIp);
    // Any answer will do; only no answer is a failure.
    const { output, statusCode } = await prober.httpGet(request, HOOK_HTTP_TIMEOUT_MS, signal);
    if (statusCode === undefined) throw new Error(output);
  } else if (handler.sleep !== undefined) {
    await clock.sleep(handler.sleep.seconds * 1000, signal);
  }
}

/** Seconds that the container has to end. @param reason  a failed probe may set its own */
export function gracePeriodSeconds(pod: Pod, container: Container | undefined, reason: KillReason): number {
  const { deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds !== undefined) return deletionGracePeriodSeconds;
  const probe =
    reason === 'LivenessProbe'
      ? container?.livenessProbe
      : reason === 'StartupProbe'
        ? container?.startupProbe
        : undefined;
  return (
    probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? GRACE_DEFAULT_SECONDS
  );
}

/**
 * What is left for the stop signal after the hook and the wait for the container's turn took `spentMs`: never less than
 * 2 s, unless no grace was asked for at all.
 */
export function remainingGraceMs(graceSeconds: number, spentMs: number): number {
  if (graceSeconds <= 0) return 0;
  return Math.max(graceSeconds * 1000 - spentMs, GRACE_MIN_SECONDS * 1000);
}
