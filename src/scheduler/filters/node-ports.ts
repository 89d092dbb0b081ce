/** A port of the node goes to one Pod for each protocol and address. */
import type { HostPort } from '../pod-info.ts';
import { type Filter, resolvable } from './filter.ts';

const TAKEN = resolvable("node(s) didn't have free ports for the requested pod ports");
const ALL_ADDRESSES = '0.0.0.0';

export const nodePorts: Filter = {
  name: 'NodePorts',
  prepare({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return {
      reject({ portHolders }) {
        for (const other of portHolders.values()) {
          if (other.hostPorts.some((taken) => hostPorts.some((wanted) => portsClash(wanted, taken))))
            return TAKEN;
        }
        return undefined;
      },
    };
  },
};

function portsClash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === ALL_ADDRESSES || b.ip === ALL_ADDRESSES;
}
