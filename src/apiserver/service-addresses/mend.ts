/** Mends what {@link judgeClusterIp} and {@link judgeAddress} find, and tells of it in Events. */
import type { Service } from '../../api/generated/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { EVENTS, IP_ADDRESSES, SERVICE_CIDRS, SERVICES } from '../../api/resources.ts';
import { clusterIpsOf } from '../../api/service-addresses.ts';
import { toTimestamp } from '../../base/clock.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { Change, NewestObjects } from '../../store/store.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { AS_SERVER } from '../ensure-object.ts';
import { createObject } from '../registry/create.ts';
import { keyFor, prefixOf, type Registry, type Target } from '../registry/registry.ts';
import { addressKey, addressOf, deletionOf } from '../registry/service-addresses.ts';
import { updateObject } from '../registry/update.ts';
import { type AddressState, type Finding, judgeAddress, judgeClusterIp } from './judge.ts';

const COMPONENT = 'ipallocator-repair-controller';

/** Each address that the Service under `key` holds. Does nothing where all is well. */
export async function mendService(registry: Registry, key: string): Promise<void> {
  const { store } = registry;
  const stored = store.get(key);
  if (stored === undefined) return;
  const durable = stateOf(registry, store);
  for (const ip of clusterIpsOf(asService(objectOf(stored)))) {
    if (judgeClusterIp(asService(objectOf(stored)), ip, durable) === undefined) continue;
    await mend(registry, addressKey(ip), (newest) => {
      const now = newest.get(key);
      if (now === undefined || !clusterIpsOf(asService(objectOf(now))).includes(ip)) return undefined;
      const finding = judgeClusterIp(asService(objectOf(now)), ip, stateOf(registry, newest));
      return finding && { finding, subject: objectOf(now) };
    });
  }
}

/**
 * The IPAddress under `key`.
 * @returns whether it was deleted: perhaps a Service that it said nothing of holds the address
 */
export async function mendAddress(registry: Registry, key: string): Promise<boolean> {
  const judge = (objects: NewestObjects) => {
    const stored = objects.get(key);
    if (stored === undefined) return undefined;
    const subject = objectOf(stored);
    const finding = judgeAddress(subject as unknown as IPAddress, stateOf(registry, objects));
    return finding && { finding, subject };
  };
  if (judge(registry.store) === undefined) return false;
  await mend(registry, key, judge);
  return true;
}

interface Judgement {
  finding: Finding;
  /** A Service, or an IPAddress. */
  subject: ApiObject;
}

async function mend(
  registry: Registry,
  key: string,
  judge: (newest: NewestObjects) => Judgement | undefined,
): Promise<void> {
  let judgement: Judgement | undefined;
  await registry.store.transact(key, (current, others) => {
    judgement = judge({ get: (other) => (other === key ? current : others.get(other)) });
    if (judgement === undefined) return { keep: true };
    const { finding, subject } = judgement;
    if (finding.remedy === 'none') return { keep: true };
    const address = key.slice(prefixOf(IP_ADDRESSES, '').length);
    return finding.remedy === 'delete'
      ? deletionOf(registry, current!)
      : ({ put: addressOf(registry, { address, current, service: subject }) } satisfies Change);
  });
  if (judgement?.finding.event !== undefined)
    await tell(registry, judgement.subject, judgement.finding.event);
}

/** One Event for each subject and reason, which counts. It may be missed: it is but told. */
async function tell(
  registry: Registry,
  { apiVersion, kind, metadata }: ApiObject,
  { reason, action, message }: NonNullable<Finding['event']>,
): Promise<void> {
  const { name = '', namespace, uid, resourceVersion } = metadata;
  const now = toTimestamp(registry.clock.now());
  const target: Target = {
    row: EVENTS,
    namespace: namespace ?? 'default',
    name: `${name.replaceAll(':', '-')}.${reason.toLowerCase()}`,
  };
  const event: ApiObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: target.name, namespace: target.namespace },
    involvedObject: { apiVersion, kind, name, uid, resourceVersion, ...(namespace && { namespace }) },
    reason,
    action,
    message,
    type: 'Warning',
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: '',
  };
  const counted = (old: ApiObject): ApiObject => ({
    ...old,
    message,
    count: Number(old['count'] ?? 0) + 1,
    lastTimestamp: now,
  });
  const written = createObject(registry, target, event, AS_SERVER).catch((error: unknown) => {
    if (!hasReason(error, 'AlreadyExists')) throw error;
    return updateObject(registry, target, { subresource: '', produce: counted }, AS_SERVER);
  });
  await written.catch((error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
  });
}

function stateOf({ store }: Registry, objects: NewestObjects): AddressState {
  const read = <T>(key: string): T | undefined => objects.get(key)?.value as T | undefined;
  return {
    service: ({ namespace, name }) => read<Service>(keyFor({ row: SERVICES, namespace, name })),
    address: (name) => read<IPAddress>(addressKey(name)),
    cidrs: () =>
      store
        .list({ prefix: prefixOf(SERVICE_CIDRS, '') })
        .objects.map((stored) => stored.value as unknown as ServiceCIDR),
  };
}

function asService(object: ApiObject): Service {
  return object as unknown as Service;
}
