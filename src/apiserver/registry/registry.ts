/**
 * What every verb of the registry works with. The verbs are functions, one file each; this is their shared context.
 *
 *     create -> mutate -> prepare -> validate ┐
 *     update, patch -> merge -> scope -> …    ├-> store.transact (decides on the newest state, synchronously)
 *     delete -> planDeletion                  ┘   or deliberate (where webhooks have a say: they take their time)
 */
import type { UserInfo } from '../../api/message.ts';
import { toApiVersion } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Store, StoredObject } from '../../store/store.ts';
import type { AdmissionChain, AdmissionNotes, AskedRequest } from '../admission/admission.ts';
import type { ServiceAllocator } from '../allocate/service-allocator.ts';
import type { ApiObject } from '../api-object.ts';
import type { CustomConversions } from '../custom/conversions.ts';
import type { Writer } from './ownership.ts';

export interface Registry {
  store: Store;
  clock: Clock;
  random: Random;
  admission: AdmissionChain;
  services: ServiceAllocator;
  /** Versions of custom objects. */
  conversions: CustomConversions;
}

/** One object, or with an empty name a collection; `namespace` is empty for cluster-scoped kinds or for all. */
export interface Target {
  row: ResourceRow;
  namespace: string;
  name: string;
}

export interface WriteContext {
  user: UserInfo;
  dryRun: boolean;
  /** Where admission writes what the client and the audit log are told; absent for what the server itself writes. */
  notes?: AdmissionNotes;
  /** The client's request behind it, which webhooks are told of; absent for what the server itself writes. */
  asked?: AskedRequest;
  /** Whose the fields become; absent for what the server itself writes. */
  writer?: Writer;
}

export interface WriteOutcome {
  object: ApiObject;
  /** Absent for a dry run. */
  stored: StoredObject | undefined;
}

/** `v1`, `group/version`: which version the client speaks; of some more is asked than of the stored one. */
export function askedVersion({ asked }: WriteContext): string | undefined {
  return asked === undefined ? undefined : toApiVersion(asked.row.group, asked.row.version);
}

/** Where `target`'s object lives. Resources of several versions share keys. */
export function keyFor({ row, namespace, name }: Target): string {
  return `${prefixOf(row, namespace)}${name}`;
}

/** The start of every key of the collection; ends with a slash. */
export function prefixOf(row: ResourceRow, namespace: string): string {
  const slash = row.storageGroupVersion.indexOf('/');
  const group = slash < 0 ? '' : `${row.storageGroupVersion.slice(0, slash)}/`;
  const root = `/registry/${group}${row.storageResource}/`;
  return row.namespaced && namespace !== '' ? `${root}${namespace}/` : root;
}

/** The durable object of `target`, if it is there. */
export function readObject(store: Store, target: Target): StoredObject | undefined {
  return store.get(keyFor(target));
}
