/**
 * From single probe results to the result that counts: `failureThreshold` or `successThreshold` equal ones in a row. Pure.
 *
 *   startup, liveness: on reaching `failure` the worker is on hold until the container is replaced
 *
 * @see k8s.io/kubernetes/pkg/kubelet/prober/worker.go doProbe
 */
import type { Probe } from '../../api/generated/core-v1.ts';
import type { ProbeResult, ProbeType } from '../pod-observation.ts';

export interface ProbeState {
  /** The result that counts. */
  result: ProbeResult;
  /** The last single result, and how many times in a row. */
  last: ProbeResult | undefined;
  run: number;
  /** The container is about to be replaced: nothing more to probe. */
  onHold: boolean;
}

const INITIAL: Record<ProbeType, ProbeResult> = {
  startup: 'unknown',
  liveness: 'success',
  readiness: 'failure',
};

/** @param known  what the API last reported, for a container that an earlier agent started */
export function initialProbeState(type: ProbeType, known?: ProbeResult): ProbeState {
  return { result: known ?? INITIAL[type], last: undefined, run: 0, onHold: false };
}

/** The state after one more `outcome`. */
export function accumulate(
  state: ProbeState,
  outcome: 'success' | 'failure',
  probe: Probe,
  type: ProbeType,
): ProbeState {
  const run = state.last === outcome ? state.run + 1 : 1;
  const threshold = outcome === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  if (run < threshold) return { ...state, last: outcome, run };
  const onHold = outcome === 'failure' && type !== 'readiness';
  return { result: outcome, last: outcome, run, onHold };
}

/** The first delays at which a starting container is asked quietly, ms after the initial delay; each doubles. */
const QUIET_FIRST_MS = 25;

/**
 * Moments, after the initial delay, at which a container that has not yet passed is asked besides its regular probes:
 * 0, 25, 75, 175, 375 … ms, within the first period. Only a pass counts, so an application that is up in 100 ms is Ready
 * in about that time and not a random part of a period later; failures are neither counted nor reported.
 * One that must pass several times in a row is not asked: how far apart its passes are is part of what it says.
 */
export function quietProbeMoments(probe: Probe, type: ProbeType): number[] {
  if (type === 'liveness' || probe.exec !== undefined || (probe.successThreshold ?? 1) > 1) return [];
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  const moments: number[] = [];
  let gap = QUIET_FIRST_MS;
  for (let at = 0; at < periodMs; at += gap, gap *= 2) moments.push(at);
  return moments;
}
