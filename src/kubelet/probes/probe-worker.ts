/**
 * The loop that probes one container with one probe until it is stopped: waits, asks, accumulates, tells.
 *
 * The first regular probe comes at a random moment within the first period after the initial delay, so that containers
 * started together are not probed together; a container that is starting is also asked quietly before it, see
 * {@link quietProbeMoments}.
 */

import type { Probe } from '../../api/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { ProbeResult, ProbeType } from '../pod-observation.ts';
import { accumulate, type ProbeState, quietProbeMoments } from './probe-accumulator.ts';
import type { ProbeOutcome } from './prober.ts';

export interface ProbeWorkerDeps {
  clock: Clock;
  random: Random;
  /** Asks once. */
  ask(signal: AbortSignal): Promise<ProbeOutcome>;
  /** A result to report: `Unhealthy`, `ProbeWarning`. */
  report(kind: 'failed' | 'errored' | 'warning', output: string): void;
  /** The result that counts has changed. */
  onResult(result: ProbeResult): void;
}

export interface ProbeSchedule {
  type: ProbeType;
  probe: Probe;
  /** Wall ms; the initial delay counts from here. */
  startedAtMs: number;
  initial: ProbeState;
  /** Readiness after a startup probe: asked at once. */
  atOnce: boolean;
}

/** Tries of a probe that could not even be asked. @see prober maxProbeRetries */
const ASK_TRIES = 3;

/** Probes until `signal` aborts, or a startup probe has passed, or a failure has put it on hold. */
export async function runProbeWorker(
  deps: ProbeWorkerDeps,
  schedule: ProbeSchedule,
  signal: AbortSignal,
): Promise<void> {
  const { probe, type } = schedule;
  const periodMs = Math.max(1, probe.periodSeconds ?? 10) * 1000;
  const delayedUntil = schedule.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
  const beginMs = Math.max(deps.clock.now(), delayedUntil);
  const quiet = schedule.initial.result === 'success' ? [] : quietProbeMoments(probe, type);
  let regularAtMs = beginMs + (schedule.atOnce ? 0 : deps.random.next() * periodMs);
  let state = schedule.initial;
  while (!state.onHold && !(type === 'startup' && state.result === 'success')) {
    while (quiet[0] !== undefined && (state.result === 'success' || beginMs + quiet[0] >= regularAtMs))
      quiet.shift();
    const quietMoment = quiet.shift();
    const atMs = quietMoment === undefined ? regularAtMs : beginMs + quietMoment;
    await deps.clock.sleep(Math.max(0, atMs - deps.clock.now()), signal);
    if (quietMoment === undefined) regularAtMs = Math.max(regularAtMs + periodMs, deps.clock.now());
    state = await probeOnce(deps, schedule, { state, isQuiet: quietMoment !== undefined }, signal);
  }
}

async function probeOnce(
  deps: ProbeWorkerDeps,
  { probe, type }: ProbeSchedule,
  { state, isQuiet }: { state: ProbeState; isQuiet: boolean },
  signal: AbortSignal,
): Promise<ProbeState> {
  const outcome = await askWithRetries(deps, signal);
  if (outcome.result !== 'success' && isQuiet) return state;
  if (outcome.result === 'failure') deps.report('failed', outcome.output);
  if (outcome.result === 'warning') deps.report('warning', outcome.output);
  if (outcome.result === 'error') {
    deps.report('errored', outcome.output);
    return state;
  }
  const next = accumulate(state, outcome.result === 'failure' ? 'failure' : 'success', probe, type);
  if (next.result !== state.result) deps.onResult(next.result);
  return next;
}

async function askWithRetries(
  deps: ProbeWorkerDeps,
  signal: AbortSignal,
): Promise<{ result: ProbeOutcome['result'] | 'error'; output: string }> {
  let output = '';
  for (let attempt = 0; attempt < ASK_TRIES; attempt++) {
    try {
      return await deps.ask(signal);
    } catch (error) {
      signal.throwIfAborted();
      output = String(error instanceof Error ? error.message : error);
    }
  }
  return { result: 'error', output };
}
