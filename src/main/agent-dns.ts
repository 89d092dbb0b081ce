/**
 * The cluster's DNS on a node: it listens on the node's gateway address, and Pods have that as their resolver. Only where
 * Pods have a network of their own: on loopback port 53 is reserved or taken, and what Pods get is environment variables.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { aborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { NodeDns } from '../kubelet/pod-dns.ts';
import { parseResolvConf } from '../network/dns/resolv-conf.ts';
import { DnsZone } from '../network/dns-zone.ts';
import type { ClusterConfig } from './cluster-config.ts';
import type { ClusterNode } from './cluster-node.ts';

export interface AgentDnsParts {
  cluster: ClusterConfig;
  node: ClusterNode;
  clock: Clock;
  random: Random;
  log: Logger;
  informers: InformerFactory;
}

export interface AgentDns {
  /** What the kubelet tells Pods. */
  readonly ofNode: NodeDns;
  /** Returns when `signal` has aborted and nothing listens any more. */
  run(signal: AbortSignal): Promise<void>;
}

const DOMAIN = 'cluster.local';
const PORT = 53;
/** The second holds the real resolvers where the first names a stub on loopback, which a Pod cannot reach. */
const RESOLV_CONFS = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** Listens before it resolves. A port that is taken leaves the node without DNS, and is reported. */
export async function openAgentDns(parts: AgentDnsParts): Promise<AgentDns> {
  const { cluster, node, log, random, informers, clock } = parts;
  const host = readResolvers();
  const none: AgentDns = { ofNode: { servers: [], domain: DOMAIN, host }, run: aborted };
  if (cluster.network === 'loopback') return none;
  const { newDnsServer } = await import('../network/dns/dns-server.ts');
  const ranges = new net.BlockList();
  for (const cidr of [cluster.podCidr, cluster.serviceCidr]) {
    const [base, bits] = cidr.split('/');
    ranges.addSubnet(base!, Number(bits));
  }
  const zone = new DnsZone(informers, {
    domain: DOMAIN,
    isClusterAddress: (ip) => ranges.check(ip),
  });
  const resolvers = host.servers.filter((server) => server !== node.ip);
  const server = newDnsServer({ clock, log, random, resolvers, zone });
  try {
    await server.listen(node.ip, PORT);
  } catch (error) {
    log.warn('the cluster has no DNS on this node', { error });
    return none;
  }
  const run = (signal: AbortSignal) => aborted(signal).finally(() => server.close());
  return { ofNode: { ...none.ofNode, servers: [node.ip] }, run };
}

function readResolvers() {
  const [first, behindStub] = RESOLV_CONFS.map((file) => parseResolvConf(readText(file)));
  const isStub = first!.servers.every((server) => server.startsWith('127.'));
  return isStub && behindStub!.servers.length > 0 ? behindStub! : first!;
}

/** Empty where there is no such file: then there is nobody to ask. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
