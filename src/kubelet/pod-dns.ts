/**
 * What a Pod's `/etc/resolv.conf` says, by its `dnsPolicy` and `dnsConfig`.
 * @see Kubernetes pkg/kubelet/network/dns/dns.go
 */
import type { Pod } from '../api/generated/core-v1.ts';
import type { SandboxConfig } from '../container-runtime/runtime.ts';

/** The content of a resolv.conf(5). */
export type ResolverConfig = NonNullable<SandboxConfig['dns']>;

export interface NodeDns {
  /** The cluster's DNS servers; empty where it has none: then Pods resolve as their node does. */
  servers: readonly string[];
  /** `cluster.local` */
  domain: string;
  /** How the node itself resolves names. */
  host?: ResolverConfig;
}

/** More are ignored by the C library (MAXNS), and by most others. */
const SERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const NOTHING: ResolverConfig = { servers: [], searches: [], options: [] };

/** Pure. `undefined`: the Pod has the node's own file, because nothing is known of it and nothing is asked for. */
export function podDns(pod: Pod, node: NodeDns): ResolverConfig | undefined {
  const { dnsConfig } = pod.spec;
  const base = baseOf(pod, node);
  if (base === undefined && dnsConfig === undefined) return undefined;
  const { servers, searches, options } = base ?? NOTHING;
  const { nameservers = [], searches: moreSearches = [], options: ownOptions = [] } = dnsConfig ?? {};
  const texts = ownOptions.map(({ name = '', value }) => (value ? `${name}:${value}` : name));
  return {
    servers: [...new Set([...servers, ...nameservers])].slice(0, SERVERS_MAX),
    searches: [...new Set([...searches, ...moreSearches])].slice(0, SEARCHES_MAX),
    options: mergeOptions([...options, ...texts]),
  };
}

function baseOf(pod: Pod, { servers, domain, host }: NodeDns): ResolverConfig | undefined {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec;
  if (dnsPolicy === 'None') return NOTHING;
  const asksCluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  if (!asksCluster || servers.length === 0) return host;
  const { namespace = '' } = pod.metadata;
  const searches = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...(host?.searches ?? [])];
  return { servers: [...servers], searches, options: ['ndots:5'] };
}

/** Of options by the same name the last one counts: `ndots:2` after `ndots:5`. */
function mergeOptions(options: readonly string[]): string[] {
  return [...new Map(options.map((option) => [option.split(':')[0]!, option])).values()];
}
