/** Limits and timings of the userspace dataplane. */
export interface UserspaceOptions {
  /** Names the cluster: its agents share addresses with each other, and with nobody else. */
  cluster: string;
  /**
   * Addresses of this machine on which node ports listen, as kube-proxy's `--nodeport-addresses`:
   * `['127.0.0.1']` keeps applications private to the machine, `['0.0.0.0']` offers them to the network.
   */
  nodePortAddresses: readonly string[];
  /** Proxied TCP connections at once, over all Services; a connection above it is reset. Each costs two descriptors. */
  connectionsMax: number;
  /** UDP clients at once, over all Services; above it the client that was silent longest is forgotten. */
  udpSessionsMax: number;
  /** How long one endpoint may take to accept a connection before the next is tried. */
  connectTimeoutMs: number;
  /** Endpoints tried for one connection; each at most once. */
  connectAttemptsMax: number;
  /** A UDP client silent for so long loses its endpoint. */
  udpIdleMs: number;
  /** For so long an endpoint that refused is tried after all others. */
  demotionMs: number;
  /** Clients remembered for session affinity, per Service port; above it the one silent longest is forgotten. */
  affinityClientsMax: number;
}

export const USERSPACE_DEFAULTS: Omit<UserspaceOptions, 'cluster' | 'nodePortAddresses'> = {
  connectionsMax: 8_192,
  udpSessionsMax: 1_024,
  // A dropped SYN is sent again after 1 s and 3 s: one endpoint gets both chances.
  connectTimeoutMs: 4_000,
  connectAttemptsMax: 8,
  // The kernel's nf_conntrack_udp_timeout_stream is 120 s, nf_conntrack_udp_timeout 30 s; answers count as traffic here.
  udpIdleMs: 60_000,
  demotionMs: 2_000,
  affinityClientsMax: 10_000,
};
