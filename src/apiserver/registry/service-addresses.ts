/**
 * The IPAddresses of Services: written and removed in the transaction of the Service that gains or loses the address, so that
 * no crash comes between them.
 *
 * @see kubernetes/kubernetes pkg/registry/core/service/ipallocator; differs: docs/decisions/service-addresses.md
 */
import type { Service } from '../../api/generated/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { IP_ADDRESSES, type ResourceRow, SERVICE_CIDRS, SERVICES } from '../../api/resources.ts';
import { addressClaim, clusterIpsOf, serviceOf } from '../../api/service-addresses.ts';
import { toTimestamp } from '../../base/clock.ts';
import { randomUid } from '../../base/random.ts';
import type { Change, Companion, NewestObjects, StoredObject, StoredValue } from '../../store/store.ts';
import { type AddressPool, rangesOf } from '../allocate/address-pool.ts';
import { formatIpv4 } from '../allocate/address-range.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { changeOf, planDeletion } from './deletion-plan.ts';
import { keyFor, prefixOf, type Registry } from './registry.ts';
import { strategyOf } from './strategies.ts';

/** A write of one object. */
interface Written {
  row: ResourceRow;
  before: ApiObject | undefined;
  /** Absent: it is gone. */
  after: ApiObject | undefined;
}

/** A ServiceCIDR that is not durable yet gives nothing yet; one whose deletion is not gives nothing any more. */
export function addressPool({ store }: Registry, others: NewestObjects): AddressPool {
  const cidrs = store
    .list({ prefix: prefixOf(SERVICE_CIDRS, '') })
    .objects.flatMap(({ key }) => others.get(key) ?? [])
    .map((stored) => objectOf(stored) as unknown as ServiceCIDR);
  return {
    ranges: rangesOf(cidrs),
    isTaken: (address) => others.get(addressKey(formatIpv4(address))) !== undefined,
  };
}

/** What is written beside a Service: an IPAddress for what it holds and has none, none for what it held. */
export function addressChanges(
  registry: Registry,
  { row, before, after }: Written,
  others: NewestObjects,
): Companion[] {
  if (row !== SERVICES) return [];
  const held = after === undefined ? [] : clusterIpsOf(after as unknown as Service);
  const lost = before === undefined ? [] : clusterIpsOf(before as unknown as Service);
  return [
    ...held
      .filter((address) => others.get(addressKey(address)) === undefined)
      .map((address) => ({
        key: addressKey(address),
        put: addressOf(registry, { address, service: after! }),
      })),
    ...lost
      .filter((address) => !held.includes(address))
      .flatMap((address) => releaseOf(registry, others.get(addressKey(address)), before!)),
  ];
}

export function accompanied(change: Change, companions: readonly Companion[]): Change {
  return 'keep' in change || companions.length === 0 ? change : { ...change, companions };
}

export function addressKey(address: string): string {
  return keyFor({ row: IP_ADDRESSES, namespace: '', name: address });
}

/** The IPAddress that makes `address` the `service`'s: a new one, or what `current` has to become. */
export function addressOf(
  { clock, random }: Registry,
  { address, service, current }: { address: string; service: ApiObject; current?: StoredObject | undefined },
): StoredValue {
  const { namespace = '', name = '' } = service.metadata;
  const { labels, spec } = addressClaim(address, { namespace, name });
  const before = current && objectOf(current).metadata;
  const metadata = before
    ? { ...before, labels: { ...before.labels, ...labels } }
    : {
        name: address,
        uid: randomUid(random),
        resourceVersion: '',
        creationTimestamp: toTimestamp(clock.now()),
        labels,
      };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata, spec };
}

/** Not of what somebody else has. */
function releaseOf(registry: Registry, stored: StoredObject | undefined, service: ApiObject): Companion[] {
  if (stored === undefined) return [];
  const owner = serviceOf(objectOf(stored) as unknown as IPAddress);
  const { namespace, name } = service.metadata;
  if (owner?.namespace !== namespace || owner?.name !== name) return [];
  const change = deletionOf(registry, stored);
  return 'keep' in change ? [] : [{ key: stored.key, ...change }];
}

/** Deletes an IPAddress as a client would: whoever holds it by a finalizer is waited for. */
export function deletionOf({ clock }: Registry, stored: StoredObject): Change {
  return changeOf(planDeletion(strategyOf(IP_ADDRESSES), objectOf(stored), {}, clock.now()));
}
