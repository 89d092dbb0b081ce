/**
 * Addresses for Pods on one node. Two ways: `bridge` (a network namespace, a veth pair and an address each; needs
 * root) and `loopback` (an address of 127.64.0.0/10 each; needs nothing).
 *
 * What belongs to a sandbox is written down before it is made, so that nothing is left behind by a crash in between.
 */
export interface PodNetwork {
  readonly mode: 'bridge' | 'loopback';
  /** Prepares what all Pods share, and takes away what belongs to sandboxes that are not in `sandboxIds`. Repeatable. */
  start(sandboxIds: ReadonlySet<string>): Promise<void>;
  /** The sandbox's address, the same at each call until {@link detach}. @throws PodNetworkError */
  attach(sandboxId: string): Promise<PodAttachment>;
  /** Gives up the sandbox's address and what was made for it. A sandbox that has none is no error. */
  detach(sandboxId: string): Promise<void>;
  /** Takes away everything of this node, and what is shared if no other node uses it. */
  removePodNetwork(): Promise<void>;
}

export interface PodAttachment {
  ip: string;
  /** The network namespace's file, where there is one. */
  netnsPath?: string;
}

export class PodNetworkError extends Error {
  override name = 'PodNetworkError';
}

/** What the networks need of the machine. `platform/network-host.ts` is the real one. */
export interface NetworkHost {
  /** Runs `ip -batch`, in the network namespace `netns` if given. @throws PodNetworkError with ip's own words */
  ip(lines: readonly string[], options?: { netns?: string; force?: boolean }): Promise<void>;
  /** Names of the links of the host. */
  links(): Promise<ReadonlySet<string>>;
  /** Names under which network namespaces are mounted. */
  netnsNames(): Promise<ReadonlySet<string>>;
  /** IPv4 addresses of a link, without the prefix. */
  addresses(link: string): Promise<string[]>;
  writeSysctl(name: string, value: string): Promise<void>;
  /** IPv4 addresses of the host that something listens on. */
  listeningAddresses(): Promise<ReadonlySet<string>>;
  /** The state as last written; `undefined` at first. */
  readState(): Promise<unknown>;
  /** Replaces the state, all or nothing. */
  writeState(state: unknown): Promise<void>;
}
