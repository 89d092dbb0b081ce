import { newScope } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { RunningProcess } from './process-launcher.ts';

export interface StopOptions {
  clock: Clock;
  /** Time to stop by itself. */
  timeoutMs: number;
  /** Aborts when there is no more patience. */
  hurry: AbortSignal;
}

/** Asks the process to end, kills it when it does not in time; resolves when it is gone. */
export async function stopProcess(
  process: RunningProcess,
  { clock, timeoutMs, hurry }: StopOptions,
): Promise<'stopped' | 'killed'> {
  process.signal('terminate');
  const over = newScope(hurry);
  const outOfTime = clock.sleep(timeoutMs, over.signal).catch(() => {});
  const outcome = await Promise.race([
    process.exited.then(() => 'stopped' as const),
    outOfTime.then(() => 'killed' as const),
  ]);
  over.abort();
  if (outcome === 'killed') process.signal('kill');
  await process.exited;
  return outcome;
}
