/** Sources: pkg/scheduler/apis/config/v1/defaults.go, backend/queue/scheduling_queue.go of Kubernetes. */
export const BACKOFF_INITIAL_MS = 1_000;
export const BACKOFF_MAX_MS = 10_000;
/** How long an unschedulable Pod waits when nothing changes. */
export const UNSCHEDULABLE_MAX_MS = 5 * 60_000;
/** Bindings that may be on their way at once; upstream has no limit, we bound every queue. */
export const BINDINGS_IN_FLIGHT_MAX = 256;
export const SCHEDULER_NAME = 'default-scheduler';
/** How often the Pod is asked what became of a binding whose answer was lost. */
export const BINDING_INQUIRY_MS = 1_000;
/** How long decisions may keep the process from anything else. */
export const DECIDING_MAX_MS = 10;
