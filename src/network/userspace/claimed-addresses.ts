/**
 * Makes single addresses of Services local to this machine: those from ServiceCIDRs beyond the range that the cluster started
 * with. One by one, and never a range: what somebody writes into a ServiceCIDR may be the network that this machine is in.
 *
 * The routes carry a mark of the cluster, as their metric: whoever comes after a killed agent finds what it left. All agents of
 * a cluster on one machine claim the same addresses.
 */
import { ip } from './service-range.ts';

export interface AddressClaims {
  /** All of the cluster, also those that others made. */
  list(signal: AbortSignal): Promise<string[]>;
  /** Already there is fine. Needs CAP_NET_ADMIN in the network namespace of the caller. */
  claim(address: string, signal: AbortSignal): Promise<void>;
  /** Absent is fine. */
  release(address: string, signal: AbortSignal): Promise<void>;
}

/** @param clusterId  eight hexadecimal digits */
export function newAddressClaims(clusterId: string): AddressClaims {
  const metric = markOf(clusterId);
  const routeOf = (address: string) => ['local', `${address}/32`, 'dev', 'lo', 'metric', String(metric)];
  const list = async (signal: AbortSignal) => {
    const routes = await ip(['-j', 'route', 'show', 'table', 'local', 'type', 'local'], signal);
    const parsed = JSON.parse(routes.trim() === '' ? '[]' : routes) as { dst: string; metric?: number }[];
    return parsed.filter((route) => route.metric === metric).map(({ dst }) => dst);
  };
  return {
    list,
    claim: async (address, signal) => void (await ip(['route', 'replace', ...routeOf(address)], signal)),
    async release(address, signal) {
      await ip(['route', 'del', ...routeOf(address)], signal).catch(async (error: unknown) => {
        if ((await list(signal)).includes(address)) throw error;
      });
    },
  };
}

/** Far from the metrics that anybody writes by hand. */
function markOf(clusterId: string): number {
  return 0x4000_0000 + (Number.parseInt(clusterId, 16) % 0x4000_0000);
}
