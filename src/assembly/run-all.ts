/** Several long-running things that live and die together. */
import { isCancellation, newScope } from '../base/abort.ts';

export type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Runs all until `signal` aborts, then resolves when all have ended. The first that breaks, or that ends by itself with an
 * error, stops the others, and its error comes out.
 */
export async function runAll(signal: AbortSignal, tasks: readonly Task[]): Promise<void> {
  const stop = newScope(signal);
  const both = stop.signal;
  let failure: { error: unknown } | undefined;
  await Promise.all(
    tasks.map((task) =>
      task(both).catch((error: unknown) => {
        if (isCancellation(error, both)) return;
        failure ??= { error };
        stop.abort(error);
      }),
    ),
  );
  stop.abort();
  if (failure !== undefined) throw failure.error;
}
