/** How many requests are served at once, all priority levels together. @see k8s.io/apiserver/pkg/server/config.go */
const REQUESTS_INFLIGHT = 400;
const MUTATING_REQUESTS_INFLIGHT = 200;

/** Upstream's two limits, of which priority and fairness makes one. */
export interface InflightLimits {
  maxRequestsInflight?: number;
  maxMutatingRequestsInflight?: number;
}

export function totalSeatsOf({
  maxRequestsInflight = REQUESTS_INFLIGHT,
  maxMutatingRequestsInflight = MUTATING_REQUESTS_INFLIGHT,
}: InflightLimits): number {
  return maxRequestsInflight + maxMutatingRequestsInflight;
}
