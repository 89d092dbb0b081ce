/** How ServiceCIDRs and IPAddresses are printed. @see printers.go printServiceCIDR, printIPAddress */
import type { IPAddress, ServiceCIDR } from '../generated/networking-v1.ts';
import { AGE, type KindPrinter, NAME, text } from './column.ts';
import { age } from './values.ts';

export const serviceCidrPrinter: KindPrinter<ServiceCIDR> = {
  columns: [NAME, text('CIDRs', 'The ranges, at most one of each IP family'), AGE],
  cells: (cidr, nowMs) => [cidr.metadata.name, (cidr.spec.cidrs ?? []).join(','), age(cidr, nowMs)],
};

/** Without an age, as upstream. */
export const ipAddressPrinter: KindPrinter<IPAddress> = {
  columns: [NAME, text('ParentRef', 'Whose address it is')],
  cells({ metadata, spec }) {
    const { group, resource, namespace, name } = spec.parentRef;
    const kind = group ? `${resource}.${group}` : resource;
    return [metadata.name, [kind, ...(namespace ? [namespace] : []), name].join('/')];
  },
};
