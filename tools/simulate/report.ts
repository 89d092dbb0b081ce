/** What `npm run simulate` prints. */
import { SIMULATION_START_MS } from '../../src/simulation/sim-clock.ts';
import { printPlan } from '../../src/simulation/swarm/print-plan.ts';
import type { Verdict } from '../../src/simulation/swarm/run-plan.ts';
import { formatOffset } from '../../src/simulation/timeline/format-timeline.ts';
import type { JobResult } from './worker.ts';

const SHOWN_MAX = 10;

export function renderProgress(
  { done, of, failed, virtualMs, realMs, startedMs }: Tally,
  nowMs: number,
): string {
  const seconds = (nowMs - startedMs) / 1000;
  const ratio = realMs === 0 ? 0 : virtualMs / realMs;
  return `${done}/${of} seeds, ${failed} failed, ${(done / seconds).toFixed(1)} seeds/s, ${ratio.toFixed(0)} x real time on each core`;
}

export interface Tally {
  done: number;
  of: number;
  failed: number;
  virtualMs: number;
  realMs: number;
  startedMs: number;
}

export function renderFailure(
  { plan, verdict, timeline }: JobResult,
  { commit, file }: { commit: string; file: string },
): string {
  return [
    `\nseed ${plan.seed} fails at commit ${commit}`,
    ...renderVerdict(verdict),
    '',
    printPlan(plan),
    ...(timeline === undefined ? [] : ['', 'the last of what happened:', timeline]),
    `replay: npm run simulate -- --replay ${file}`,
  ].join('\n');
}

export function renderVerdict({ violations, unconverged }: Verdict): string[] {
  const lines = [
    ...violations.map(
      ({ checker, atMs, message }) =>
        `  ${checker} at ${formatOffset(Math.max(0, atMs - SIMULATION_START_MS))}: ${message}`,
    ),
    ...unconverged.map((reason) => `  not as desired: ${reason}`),
  ];
  const more = lines.length - SHOWN_MAX;
  return more <= 0 ? lines : [...lines.slice(0, SHOWN_MAX), `  and ${more} more`];
}
