/** The network half of probing, as the kubelet needs it. Implemented in `platform/kubelet-prober.ts` and simulated. */
export interface Prober {
  /**
   * One GET. A body is read up to 10 KB; redirects are followed within the host, one that leaves it is a `warning`.
   * Never throws for what the other side does: a refused connection is a `failure`.
   */
  httpGet(request: HttpProbeRequest, timeoutMs: number, signal: AbortSignal): Promise<ProbeOutcome>;
  /** Success when the connection opens. */
  tcpSocket(target: SocketTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeOutcome>;
  /** One `grpc.health.v1.Health/Check`; success when the answer is SERVING. */
  grpc(
    target: SocketTarget & { service: string },
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProbeOutcome>;
}

export interface SocketTarget {
  host: string;
  port: number;
}

export interface HttpProbeRequest extends SocketTarget {
  scheme: 'http' | 'https';
  /** With its query. */
  path: string;
  /** In order; `Host` overrides the host header, an empty `User-Agent` or `Accept` suppresses the default one. */
  headers: readonly { name: string; value: string }[];
}

export interface ProbeOutcome {
  result: 'success' | 'failure' | 'warning';
  /** What the Event says after `Liveness probe failed: `. */
  output: string;
  /** For HTTP, when there was an answer. */
  statusCode?: number;
}
