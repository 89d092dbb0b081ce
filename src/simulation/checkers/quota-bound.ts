/**
 * No quota is exceeded: while Pods are created, a namespace has no more of them than `pods` of its quotas says. Asked is
 * only who was right before: a quota that comes into force counts what is there, however much that is.
 *
 * Once all is calm, the status says what is.
 */
import type { Pod, ResourceQuota } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { isPodActive, isPodTerminating } from '../../api/pod-conditions.ts';
import { RESOURCE_QUOTAS } from '../../api/resources.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { PODS_PREFIX, RESOURCE_QUOTAS_PREFIX } from './storage-prefixes.ts';

export const newQuotaBoundChecker: CheckerFactory = (cluster, report) => {
  const book = new QuotaBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(RESOURCE_QUOTAS_PREFIX)) book.onQuota(event);
      else if (event.key.startsWith(PODS_PREFIX)) book.onPod(event);
    },
    unconverged: () => book.unconverged(),
  };
};

class QuotaBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** By uid: the limit under which the quota has once counted at least what there is. */
  readonly #trusted = new Map<string, number>();

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  onQuota({ type, object }: ObjectCommitted): void {
    const quota = object as unknown as ResourceQuota;
    const { uid } = quota.metadata;
    const limit = limitOf(quota);
    if (type === 'delete' || limit === undefined) this.#trusted.delete(uid);
    else if (usedOf(quota) >= this.#active(namespaceOf(quota))) this.#trusted.set(uid, limit);
    else if (this.#trusted.get(uid) === limit)
      this.#report(`quota ${keyOf(quota)} understates: ${usedOf(quota)} Pods used of more that are there`);
  }

  onPod({ type, object }: ObjectCommitted): void {
    const pod = object as unknown as Pod;
    const { uid } = pod.metadata;
    if (type === 'delete' || !isPodActive(pod) || this.#cluster.pods.get(uid) !== undefined) return;
    for (const quota of this.#cluster.world.objects(RESOURCE_QUOTAS, namespaceOf(pod))) {
      const limit = this.#trusted.get(quota.metadata.uid);
      if (limit === undefined || limit !== limitOf(quota)) continue;
      const count = this.#active(namespaceOf(pod)) + 1;
      if (count > limit)
        this.#report(`${keyOf(pod)} makes ${count} Pods; quota ${keyOf(quota)} allows ${limit}`);
    }
  }

  unconverged(): string[] {
    return this.#cluster.world.objects(RESOURCE_QUOTAS).flatMap((quota) => {
      const hard = quota.spec.hard?.['pods'];
      if (hard === undefined || isScoped(quota)) return [];
      const pods = this.#podsIn(namespaceOf(quota));
      // Whoever hangs on the way out counts for a time only.
      if (pods.some(isPodTerminating)) return [];
      const there = pods.filter(isPodActive).length;
      const isTrue = limitOf(quota) === Number(hard) && usedOf(quota) === there;
      return isTrue ? [] : [`quota ${keyOf(quota)} says that ${usedOf(quota)} Pods of ${there} are used`];
    });
  }

  #active(namespace: string): number {
    return this.#podsIn(namespace).filter(isPodActive).length;
  }

  #podsIn(namespace: string): Pod[] {
    return [...this.#cluster.pods.all()].filter((pod) => namespaceOf(pod) === namespace);
  }
}

/** What is in force; `undefined` for a quota that is about something else. */
function limitOf(quota: ResourceQuota): number | undefined {
  const limit = quota.status?.hard?.['pods'];
  return limit === undefined || isScoped(quota) ? undefined : Number(limit);
}

function usedOf({ status }: ResourceQuota): number {
  return Number(status?.used?.['pods'] ?? 0);
}

function isScoped({ spec }: ResourceQuota): boolean {
  return (spec.scopes ?? []).length > 0 || spec.scopeSelector !== undefined;
}
