/**
 * Stops a cluster from outside: `down`. The keeper does it where there is one; the children of a keeper that was killed
 * are stopped directly, in the keeper's order.
 */
import type { Clock } from '../base/clock.ts';
import type { ChildState, KeeperState } from './keeper-state.ts';
import type { ProcessLauncher } from './process-launcher.ts';
import { stopProcess } from './stop-process.ts';

export interface TakeDownParts {
  clock: Clock;
  launcher: ProcessLauncher;
  /** Aborts when there is no more patience: what still runs is killed. */
  hurry: AbortSignal;
}

/** The keeper's own time, beside what its children may take. */
const KEEPER_MARGIN_MS = 5_000;

/** Resolves when no process of `state` is left; `nothing` when there was none. */
export async function takeDown(state: KeeperState, parts: TakeDownParts): Promise<'stopped' | 'nothing'> {
  const keeper = parts.launcher.adopt(state.keeper);
  if (keeper !== undefined) {
    const timeoutMs = sumOfStopTimeouts(state.children) + KEEPER_MARGIN_MS;
    await stopProcess(keeper, { ...parts, timeoutMs });
  }
  const stopped = await stopChildren(state.children, parts);
  return keeper !== undefined || stopped > 0 ? 'stopped' : 'nothing';
}

/** Stops those that live, the highest stop order first; returns how many there were. */
export async function stopChildren(children: readonly ChildState[], parts: TakeDownParts): Promise<number> {
  const living = children.flatMap((child) => {
    const process = child.process === undefined ? undefined : parts.launcher.adopt(child.process);
    return process === undefined ? [] : [{ child, process }];
  });
  const byOrder = Map.groupBy(living, ({ child }) => child.stopOrder);
  for (const [, group] of [...byOrder].sort(([a], [b]) => b - a)) {
    await Promise.all(
      group.map(({ child, process }) => stopProcess(process, { ...parts, timeoutMs: child.stopTimeoutMs })),
    );
  }
  return living.length;
}

/** Groups stop one after another, the members of a group together. */
function sumOfStopTimeouts(children: readonly ChildState[]): number {
  const longest = new Map<number, number>();
  for (const { stopOrder, stopTimeoutMs } of children) {
    longest.set(stopOrder, Math.max(longest.get(stopOrder) ?? 0, stopTimeoutMs));
  }
  return [...longest.values()].reduce((sum, timeoutMs) => sum + timeoutMs, 0);
}
