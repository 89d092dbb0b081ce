/**
 * A Service and its IPAddresses are one write: whatever is durable, also after a crash, each address of a Service has an
 * IPAddress that refers to it, no address is of two Services, and no Service leaves one behind.
 */
import type { Service } from '../../api/generated/core-v1.ts';
import type { IPAddress } from '../../api/generated/networking-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { IP_ADDRESSES, SERVICES } from '../../api/resources.ts';
import { clusterIpsOf, serviceOf } from '../../api/service-addresses.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { CheckerFactory } from './checker.ts';
import { IP_ADDRESSES_PREFIX, SERVICES_PREFIX } from './storage-prefixes.ts';

export const newServiceAddressesChecker: CheckerFactory = ({ world }, report) => {
  const book = new AddressBook(report);
  for (const address of world.objects(IP_ADDRESSES)) book.onAddress({ type: 'put', object: address });
  for (const service of world.objects(SERVICES)) book.onService({ type: 'put', object: service });
  return {
    onEvent(event) {
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(IP_ADDRESSES_PREFIX)) book.onAddress(event);
      else if (event.key.startsWith(SERVICES_PREFIX)) book.onService(event);
    },
  };
};

type Commit = Pick<ObjectCommitted, 'type'> & { object: object };

class AddressBook {
  readonly #report: (message: string) => void;
  /** By address: the Service that the IPAddress names. */
  readonly #named = new Map<string, string>();
  /** By address: the Service that holds it. */
  readonly #held = new Map<string, string>();
  /** By Service. */
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(report: (message: string) => void) {
    this.#report = report;
  }

  /** Before the Service, in the same commit. */
  onAddress({ type, object }: Commit): void {
    const address = object as IPAddress;
    const owner = serviceOf(address);
    if (type === 'delete' || owner === undefined) this.#named.delete(address.metadata.name);
    else this.#named.set(address.metadata.name, `${owner.namespace}/${owner.name}`);
  }

  onService({ type, object }: Commit): void {
    const service = object as Service;
    const key = keyOf(service);
    const before = this.#addresses.get(key) ?? [];
    const now = type === 'delete' ? [] : clusterIpsOf(service);
    if (now.length === 0) this.#addresses.delete(key);
    else this.#addresses.set(key, now);
    for (const address of before) if (!now.includes(address)) this.#leave(address, key);
    for (const address of now) this.#hold(address, key);
  }

  #leave(address: string, key: string): void {
    if (this.#held.get(address) === key) this.#held.delete(address);
    if (this.#named.get(address) === key) this.#report(`${key} left the IPAddress ${address} behind`);
  }

  #hold(address: string, key: string): void {
    const holder = this.#held.get(address);
    if (holder !== undefined && holder !== key)
      this.#report(`${address} is given to ${holder} and to ${key}`);
    this.#held.set(address, key);
    const named = this.#named.get(address) ?? 'nobody';
    if (named !== key) this.#report(`${key} holds ${address}, which is of ${named} by its IPAddress`);
  }
}
