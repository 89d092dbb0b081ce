/**
 * Batches of 1, 2, 4 … : when every creation is bound to fail (a quota, a webhook that says no), one call finds out
 * instead of hundreds.
 * @see k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go slowStartBatch
 */
export interface BatchOutcome {
  succeeded: number;
  /** Never attempted, because a batch before them had a failure. */
  skipped: number;
  /** The first failure of the batch that failed. */
  failure?: unknown;
}

/** Calls `action` `count` times, each batch at once and twice as large as the one before; stops after a batch with a failure. */
export async function slowStart(
  count: number,
  action: (index: number) => Promise<void>,
): Promise<BatchOutcome> {
  let succeeded = 0;
  let started = 0;
  for (let size = Math.min(1, count); size > 0; size = Math.min(size * 2, count - started)) {
    const first = started;
    started += size;
    const batch = Array.from({ length: size }, (_, offset) => action(first + offset));
    const outcomes = await Promise.allSettled(batch);
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    succeeded += size - failures.length;
    const [failed] = failures;
    if (failed !== undefined) return { succeeded, skipped: count - started, failure: failed.reason };
  }
  return { succeeded, skipped: 0 };
}
