/** The kubelet's numbers. Each is upstream's default unless its comment says otherwise. */

/** First and longest restart back-off. @see kubelet MaxContainerBackOff, backOffPeriod */
export const RESTART_BACKOFF_BASE_MS = 10_000;
export const RESTART_BACKOFF_MAX_MS = 300_000;

/** The same curve for images. @see kubelet imageBackOff */
export const IMAGE_BACKOFF_BASE_MS = 10_000;
export const IMAGE_BACKOFF_MAX_MS = 300_000;
/** How long `ErrImagePull` is shown before it becomes `ImagePullBackOff`; upstream's next sync does it. */
export const IMAGE_ERROR_SHOWN_MS = 2_000;

/** Retry of a container that could not be configured or created. @see kubelet backOffPeriod */
export const CREATE_RETRY_MS = 10_000;
/** A resize that the node had no room for is considered again. @see allocation manager retryDelay */
export const RESIZE_RETRY_MS = 180_000;
/** Retry of a sandbox: doubles from the first to the second. */
export const SANDBOX_RETRY_BASE_MS = 1_000;
export const SANDBOX_RETRY_MAX_MS = 10_000;
/** Retry of volumes. @see goroutinemap/exponentialbackoff: 500 ms to 2 min 2 s */
export const VOLUME_RETRY_BASE_MS = 500;
export const VOLUME_RETRY_MAX_MS = 122_000;

/** A container is never killed sooner than this after its stop signal. @see minimumGracePeriodInSeconds */
export const GRACE_MIN_SECONDS = 2;
export const GRACE_DEFAULT_SECONDS = 30;

/** Every Pod is looked at again at least so often: the safety net under the events. @see syncFrequency */
export const POD_RESYNC_MS = 60_000;
/** The runtime is listed at least so often. @see eventedPlegRelistPeriod (300 s), genericPlegRelistPeriod (1 s) */
export const RUNTIME_RELIST_MS = 30_000;
/** Orphans are looked for so often. @see housekeepingPeriod (2 s); here a safety net, for deletions are events */
export const HOUSEKEEPING_MS = 30_000;

/** @see nodeLeaseDurationSeconds, nodeStatusUpdateFrequency, nodeStatusReportFrequency */
export const LEASE_DURATION_SECONDS = 40;
export const LEASE_RENEW_MS = 10_000;
export const NODE_STATUS_CHECK_MS = 10_000;
export const NODE_STATUS_REPORT_MS = 300_000;

/** Containers being started at once, over all Pods; more wait for their turn. */
export const CONCURRENT_STARTS_MAX = 64;
/** Images being pulled at once. @see maxParallelImagePulls; upstream pulls one at a time */
export const CONCURRENT_PULLS_MAX = 4;
/** Pods of a node that does not say how many it holds. @see maxPods */
export const PODS_MAX = 110;

/** Termination messages: from the file, or from the log's end. @see MaxContainerTerminationMessageLength */
export const TERMINATION_MESSAGE_MAX_BYTES = 4096;
export const TERMINATION_LOG_MAX_BYTES = 2048;
export const TERMINATION_LOG_MAX_LINES = 80;
