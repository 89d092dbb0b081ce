/** Which ServiceAccounts a namespace lacks. Pure. */
import type { Namespace, ServiceAccount } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';

/** What Pods run as that name none. */
const DEFAULT_NAME = 'default';

/** Nothing for a namespace that is gone or being deleted: its content is being emptied. */
export function planServiceAccounts(
  namespace: Namespace | undefined,
  existing: readonly string[],
): NewObject<ServiceAccount>[] {
  const isActive =
    namespace?.status?.phase === 'Active' && namespace.metadata.deletionTimestamp === undefined;
  if (!isActive || existing.includes(DEFAULT_NAME)) return [];
  const metadata = { name: DEFAULT_NAME, namespace: namespace.metadata.name };
  return [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }];
}
