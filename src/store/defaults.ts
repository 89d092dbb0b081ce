/** The store's limits and intervals, each with its reason. */

/** Source: kube-apiserver, storagebackend.DefaultCompactInterval. */
export const COMPACTION_INTERVAL_MS = 5 * 60 * 1000;

/** How long to wait before compacting again when the journal could not. */
export const COMPACTION_RETRY_MS = 10_000;

/** Versions kept for watches to resume; the largest window of upstream's watch cache. Source: cacher, defaultUpperBoundCapacity. */
export const HISTORY_MAX_RECORDS = 100 * 1024;

/** Bytes of history kept: 40,000 Pods of 3.3 KB, ten seconds of the highest write rate. */
export const HISTORY_MAX_BYTES = 128 * 1024 * 1024;

/** Events that may wait for one watcher: more than the largest commit, so that one burst closes no reader that is awake. */
export const WATCHER_MAX_BUFFERED_EVENTS = 10_000;

/**
 * Bytes of one value. etcd takes requests of up to 1.5 MiB, of upstream's protobuf, which is a quarter smaller than JSON.
 * Source: go.etcd.io/etcd/server/v3/embed, DefaultMaxRequestBytes.
 */
export const VALUE_MAX_BYTES = 2 * 1024 * 1024;

/** Records of one commit: bounds the pause that publishing a batch makes. */
export const COMMIT_MAX_RECORDS = 512;

/** Bytes of one commit: bounds the copy to the journal's thread and the length of one disk write. */
export const COMMIT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * As many writes that wait start a commit in the middle of a turn, so that encoding and the journal's work overlap: measured with
 * 32 writers, half of them in each commit is a third faster than all of them in every one.
 */
export const COMMIT_EAGER_RECORDS = 16;

/** Writes that may wait for a commit; past it writers are told to come back later. */
export const QUEUE_MAX_RECORDS = 10_000;
