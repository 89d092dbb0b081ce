/** Upstream's numbers, v1.36. @see cmd/kube-controller-manager/app/options/nodelifecyclecontroller.go and pkg/controller/nodelifecycle */

/** Silence after which a node that has once reported is unknown: --node-monitor-grace-period (40 s before 1.32). */
export const GRACE_PERIOD_MS = 50_000;

/** The same for a node that has never reported: --node-startup-grace-period. */
export const STARTUP_GRACE_PERIOD_MS = 60_000;

/** --node-monitor-period. Upstream looks this often; here it is the safety net beside each node's own timer. */
export const MONITOR_PERIOD_MS = 5_000;

/**
 * How long a node is not ready before it is tainted NoExecute. Upstream taints in the pass after the one that noticed; the
 * pause lets several nodes that fail together be counted before the first Pod is touched.
 */
export const TAINT_DWELL_MS = 5_000;

/** Nodes per second that are tainted NoExecute, per zone: --node-eviction-rate. */
export const EVICTION_RATE = 0.1;

/** In a zone that is largely down, when it is large: --secondary-node-eviction-rate. */
export const SECONDARY_EVICTION_RATE = 0.01;

/** Zones up to this size are not evicted at all while largely down: --large-cluster-size-threshold. */
export const LARGE_ZONE_SIZE = 50;

/** Share of nodes down that makes a zone largely down: --unhealthy-zone-threshold. */
export const UNHEALTHY_ZONE_SHARE = 0.55;

/** Below this many, no share is alarming. Source: ComputeZoneState. */
export const UNHEALTHY_NODES_MIN = 3;
