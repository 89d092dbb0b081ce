/**
 * A network namespace per Pod, on a bridge that all nodes of a cluster on this machine share:
 *
 * ```text
 *   Pod  eth0 10.244.1.7/24 ──veth── kt-3fa9c1 (bridge; 10.244.0.1, 10.244.1.1) ── host
 *        default via 10.244.1.1                 10.244.1.0/24 dev kt-3fa9c1, one per node
 *                                               unreachable 10.244.0.0/16
 * ```
 *
 * Names carry the cluster's short id, so that two clusters do not meet. Forwarding is switched on for the bridge
 * alone. A packet to a Pod that does not exist ends at the `unreachable` route, never at the host's default route.
 */
import { AddressBook } from './address-book.ts';
import { type AddressRange, addressAt, parseAddressRange } from './address-range.ts';
import type { NetworkHost, PodAttachment, PodNetwork } from './pod-network.ts';

export interface BridgeNetworkOptions {
  /** At most 8 characters, `[a-z0-9]`: part of the names of interfaces. */
  clusterId: string;
  /** The range of all Pods of the cluster. */
  clusterCidr: string;
  /** This node's part of it. */
  nodeCidr: string;
  host: NetworkHost;
}

const GATEWAY_OFFSET = 1;
const NETNS_DIRECTORY = '/run/netns';
/** An interface's name has at most 15 characters. */
const SANDBOX_ID_LENGTH = 12;

export class BridgePodNetwork implements PodNetwork {
  readonly mode = 'bridge';
  readonly #options: BridgeNetworkOptions;
  readonly #range: AddressRange;
  readonly #book: AddressBook;
  readonly #bridge: string;
  readonly #gateway: string;

  constructor(options: BridgeNetworkOptions) {
    this.#options = options;
    this.#range = parseAddressRange(options.nodeCidr);
    this.#book = new AddressBook(this.#range, options.host);
    this.#bridge = `kt-${options.clusterId}`;
    this.#gateway = addressAt(this.#range, GATEWAY_OFFSET);
  }

  async start(sandboxIds: ReadonlySet<string>): Promise<void> {
    const { host, clusterCidr, nodeCidr } = this.#options;
    await this.#book.load();
    for (const id of this.#book.sandboxIds) if (!sandboxIds.has(id)) await this.detach(id);
    // Another agent may make the bridge at the same moment: whether it is there counts, not who made it.
    if (!(await host.links()).has(this.#bridge)) {
      await host.ip([`link add ${this.#bridge} type bridge`], { force: true });
    }
    await host.ip([
      `link set ${this.#bridge} up`,
      `address replace ${this.#gateway}/32 dev ${this.#bridge}`,
      `route replace unreachable ${clusterCidr}`,
      `route replace ${nodeCidr} dev ${this.#bridge} src ${this.#gateway}`,
    ]);
    await host.writeSysctl(`net.ipv4.conf.${this.#bridge}.forwarding`, '1');
    // Pods of two nodes reach each other through the bridge they came from; that is no mistake to report to them.
    await host.writeSysctl(`net.ipv4.conf.${this.#bridge}.send_redirects`, '0');
  }

  async attach(sandboxId: string): Promise<PodAttachment> {
    const { host } = this.#options;
    const ip = await this.#book.assign(sandboxId);
    const netns = this.#netnsName(sandboxId);
    if (!(await host.netnsNames()).has(netns)) {
      await host.ip([
        `netns add ${netns}`,
        `link add ${vethName(sandboxId)} master ${this.#bridge} up type veth peer name eth0 netns ${netns}`,
      ]);
      await host.ip(
        [
          'link set lo up',
          `address add ${ip}/${this.#range.prefix} dev eth0`,
          'link set eth0 up',
          `route add default via ${this.#gateway}`,
        ],
        { netns },
      );
    }
    return { ip, netnsPath: `${NETNS_DIRECTORY}/${netns}` };
  }

  async detach(sandboxId: string): Promise<void> {
    const { host } = this.#options;
    const netns = this.#netnsName(sandboxId);
    const lines: string[] = [];
    // The pair first: a process that still holds the namespace must not hold the address.
    if ((await host.links()).has(vethName(sandboxId))) lines.push(`link delete ${vethName(sandboxId)}`);
    if ((await host.netnsNames()).has(netns)) lines.push(`netns delete ${netns}`);
    if (lines.length > 0) await host.ip(lines, { force: true });
    await this.#book.release(sandboxId);
  }

  async removePodNetwork(): Promise<void> {
    const { host, clusterCidr, nodeCidr } = this.#options;
    await this.#book.load();
    for (const id of this.#book.sandboxIds) await this.detach(id);
    if (!(await host.links()).has(this.#bridge)) return;
    // Our own part first: of nodes that leave at the same moment, the last one to look then sees an empty bridge.
    await host.ip(
      [
        `route delete ${nodeCidr} dev ${this.#bridge}`,
        `address delete ${this.#gateway}/32 dev ${this.#bridge}`,
      ],
      { force: true },
    );
    const others = await host.addresses(this.#bridge);
    if (others.length > 0) return;
    await host.ip([`link delete ${this.#bridge}`, `route delete unreachable ${clusterCidr}`], {
      force: true,
    });
  }

  #netnsName(sandboxId: string): string {
    return `kt-${this.#options.clusterId}-${sandboxId.slice(0, SANDBOX_ID_LENGTH)}`;
  }
}

function vethName(sandboxId: string): string {
  return `kv${sandboxId.slice(0, SANDBOX_ID_LENGTH)}`;
}
