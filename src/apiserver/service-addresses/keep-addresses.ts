/**
 * Keeps Services and their IPAddresses together, and the default ServiceCIDR there. Ordinary writes never part them: this is for
 * what users change by hand, and for what was stored before there were IPAddresses.
 *
 *     all that is stored, and then each change ──> due keys ──> mend, one by one; what the store refuses, again later
 */
import type { Service } from '../../api/generated/core-v1.ts';
import type { IPAddress } from '../../api/generated/networking-v1.ts';
import { IP_ADDRESSES, SERVICE_CIDRS, SERVICES } from '../../api/resources.ts';
import { clusterIpsOf, DEFAULT_SERVICE_CIDR, serviceOf } from '../../api/service-addresses.ts';
import { newScope } from '../../base/abort.ts';
import { type Deferred, newDeferred } from '../../base/deferred.ts';
import { StatusError } from '../../base/status-error.ts';
import type { StoreEvent, StoreWatch } from '../../store/store.ts';
import { objectOf } from '../api-object.ts';
import { keyFor, prefixOf, type Registry } from '../registry/registry.ts';
import { addressKey } from '../registry/service-addresses.ts';
import { ensureDefaultCidr } from './default-cidr.ts';
import { mendAddress, mendService } from './mend.ts';

const SERVICES_PREFIX = prefixOf(SERVICES, '');
const ADDRESSES_PREFIX = prefixOf(IP_ADDRESSES, '');
const DEFAULT_CIDR_KEY = keyFor({ row: SERVICE_CIDRS, namespace: '', name: DEFAULT_SERVICE_CIDR });
const RETRY_MS = 10_000;

/** Works until `signal` aborts; rejects with its reason. */
export async function runServiceAddresses(registry: Registry, signal: AbortSignal): Promise<void> {
  for (;;) {
    const ending = newScope(signal);
    await follow(registry, ending.signal).finally(() => ending.abort('a watch has ended'));
    signal.throwIfAborted();
  }
}

/** Resolves when a watch ends, also because it fell behind. */
async function follow(registry: Registry, signal: AbortSignal): Promise<void> {
  const { store, clock } = registry;
  let change: Deferred<void> = newDeferred();
  const watches = [SERVICES_PREFIX, ADDRESSES_PREFIX, DEFAULT_CIDR_KEY].map((prefix) => {
    const watch = store.watch({ prefix, exact: prefix === DEFAULT_CIDR_KEY }, store.revision, signal);
    watch.onChange(() => change.resolve());
    return watch;
  });
  const due = new Set([DEFAULT_CIDR_KEY]);
  for (const prefix of [SERVICES_PREFIX, ADDRESSES_PREFIX]) addAll(registry, prefix, due);
  for (;;) {
    const refused = await mendAll(registry, due);
    if (refused) await clock.sleep(RETRY_MS, signal);
    else await change.promise;
    change = newDeferred();
    for (const watch of watches) takeDue(watch, due);
    if (watches.some(({ ended }) => ended)) return;
  }
}

function addAll({ store }: Registry, prefix: string, due: Set<string>): void {
  for (const { key } of store.list({ prefix }).objects) due.add(key);
}

function takeDue(watch: StoreWatch, due: Set<string>): void {
  for (let batch = watch.take(); batch !== undefined; batch = watch.take()) {
    for (const event of batch) for (const key of touchedBy(event)) due.add(key);
  }
}

/** The sides that a change leaves to look at. */
function touchedBy({ type, key, object }: StoreEvent): string[] {
  if (key.startsWith(SERVICES_PREFIX))
    return type === 'put' ? [key] : clusterIpsOf(objectOf(object) as unknown as Service).map(addressKey);
  if (key === DEFAULT_CIDR_KEY) return [key];
  const owner = serviceOf(objectOf(object) as unknown as IPAddress);
  return owner === undefined ? [key] : [key, keyFor({ row: SERVICES, ...owner })];
}

/** @returns whether the store refused something: that, and what was to come after it, is still due */
async function mendAll(registry: Registry, due: Set<string>): Promise<boolean> {
  for (const key of due) {
    try {
      await mendOne(registry, key, due);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return true;
    }
    due.delete(key);
  }
  return false;
}

async function mendOne(registry: Registry, key: string, due: Set<string>): Promise<void> {
  if (key.startsWith(SERVICES_PREFIX)) await mendService(registry, key);
  else if (!key.startsWith(ADDRESSES_PREFIX)) await ensureDefaultCidr(registry);
  else if (await mendAddress(registry, key)) addAll(registry, SERVICES_PREFIX, due);
}
