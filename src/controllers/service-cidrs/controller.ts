/**
 * Holds ServiceCIDRs by a finalizer, says that they are ready, and lets one that is deleted go once no Service has an address
 * that only it has: by the cache first, then asked live. A live list is enough: since the deletion nobody gets an address from
 * it, and whoever got one before is in the list.
 */
import type { ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { IP_ADDRESSES, SERVICE_CIDRS } from '../../api/resources.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DEFAULT_RESYNC_MS, newWorkerLoop, type SyncResult } from '../framework/worker-loop.ts';
import { type CidrPlan, reconcileServiceCidr } from './reconcile.ts';

/** Ranges that cover each other must not let go at once. */
const WORKERS = 1;

export function newServiceCidrController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const cidrs = informers.informer(SERVICE_CIDRS);
  const addresses = informers.informer(IP_ADDRESSES);

  async function sync(name: string, signal: AbortSignal): Promise<SyncResult> {
    const cidr = cidrs.get(name);
    if (cidr === undefined) return {};
    const cached = { cidrs: cidrs.list(), addresses: addresses.list() };
    let plan = reconcileServiceCidr(cidr, cached, clock.now());
    if (plan.kind === 'release') {
      const [allCidrs, allAddresses] = [
        await client.list(SERVICE_CIDRS, {}, signal),
        await client.list(IP_ADDRESSES, {}, signal),
      ];
      const live = { cidrs: allCidrs.items, addresses: allAddresses.items };
      plan = reconcileServiceCidr(cidr, live, clock.now());
    }
    await apply(cidr, plan, signal);
    return {};
  }

  async function apply(cidr: ServiceCIDR, plan: CidrPlan, signal: AbortSignal): Promise<void> {
    if (plan.kind === 'none') return;
    if (plan.kind === 'status') {
      const others = (cidr.status?.conditions ?? []).filter(({ type }) => type !== plan.condition.type);
      const status = { ...cidr.status, conditions: [...others, plan.condition] };
      await client.updateStatus(SERVICE_CIDRS, { ...cidr, status }, signal);
      return;
    }
    const metadata = { ...cidr.metadata, finalizers: plan.finalizers };
    await client.update(SERVICE_CIDRS, { ...cidr, metadata }, signal);
  }

  const loop = newWorkerLoop(context, {
    name: 'service-cidrs',
    workers: WORKERS,
    sync,
    informers: [cidrs, addresses],
    resync: { lister: cidrs, intervalMs: DEFAULT_RESYNC_MS },
  });
  const lookAtDeleted = () => {
    for (const { metadata } of cidrs.list())
      if (metadata.deletionTimestamp !== undefined) loop.enqueue(metadata.name);
  };
  const changed = ({ metadata }: ServiceCIDR) => {
    loop.enqueue(metadata.name);
    lookAtDeleted();
  };
  cidrs.addListener({ onAdd: changed, onUpdate: changed, onDelete: lookAtDeleted });
  addresses.addListener({ onAdd() {}, onUpdate() {}, onDelete: lookAtDeleted });
  return loop;
}
