/**
 * Keeps history bounded: every interval, versions that were replaced before the *previous* interval are forgotten, so a watch
 * can always resume after a pause of one interval; and at once, to half, when history outgrows its limit.
 *
 * @see kube-apiserver storage/etcd3/compact.go: the same two-step rule
 */
import { newScope } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { COMPACTION_RETRY_MS } from './defaults.ts';
import { JournalUnavailableError } from './journal.ts';
import type { Store } from './store.ts';

export interface CompactionOptions {
  store: Pick<Store, 'revision' | 'compactedRevision' | 'compact'>;
  clock: Clock;
  log: Logger;
  intervalMs: number;
  /** Resolves while history is over its limit. */
  historyFull(): Promise<void>;
  /** The revision at which compacting halves the history. */
  middleRevision(): number | undefined;
}

type Occasion = 'interval' | 'history full';

/** Runs until `signal` aborts. A journal that cannot compact now is tried again later; any other failure rejects. */
export async function runCompaction(options: CompactionOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = options;
  let revisionBefore = store.revision;
  let due = clock.monotonicMs() + options.intervalMs;
  while (!signal.aborted) {
    const occasion = await nextOccasion(options, due - clock.monotonicMs(), signal).catch(
      rethrowUnless(signal),
    );
    if (occasion === undefined) return;
    let target = revisionBefore;
    if (occasion === 'history full') target = options.middleRevision() ?? store.revision;
    else {
      revisionBefore = store.revision;
      due = clock.monotonicMs() + options.intervalMs;
    }
    try {
      await store.compact(target);
      log.debug('compacted', { occasion, revision: target });
    } catch (error) {
      if (!(error instanceof JournalUnavailableError)) throw error;
      log.warn('cannot compact now', { error, revision: target });
      await clock.sleep(COMPACTION_RETRY_MS, signal).catch(rethrowUnless(signal));
    }
  }
}

async function nextOccasion(
  options: CompactionOptions,
  waitMs: number,
  signal: AbortSignal,
): Promise<Occasion> {
  const over = newScope(signal);
  const interval = options.clock.sleep(Math.max(0, waitMs), over.signal);
  const occasion = await Promise.race([
    interval.then((): Occasion => 'interval'),
    options.historyFull().then((): Occasion => 'history full'),
  ]);
  over.abort();
  return occasion;
}

function rethrowUnless(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
