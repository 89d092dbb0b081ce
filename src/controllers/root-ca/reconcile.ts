/** What a namespace's copy of the cluster's certificate authority needs. Pure. */
import type { ConfigMap, Namespace } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';

/** Pods mount it beside their token, to know the API server by. */
export const ROOT_CA_NAME = 'kube-root-ca.crt';

const DESCRIPTION_KEY = 'kubernetes.io/description';
const DESCRIPTION =
  'The certificate authority by which to verify the API server of this cluster from inside it. Kept current by the cluster; changes are undone.';

export type RootCaPlan =
  | { kind: 'none' }
  | { kind: 'create'; configMap: NewObject<ConfigMap> }
  | { kind: 'update'; configMap: ConfigMap };

/**
 * Any other data is replaced, and a missing description is added; nothing is done in a namespace that is being deleted.
 * @see k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go syncNamespace
 */
export function reconcileRootCa(
  namespace: Namespace | undefined,
  current: ConfigMap | undefined,
  certificates: string,
): RootCaPlan {
  if (namespace?.status?.phase !== 'Active' || namespace.metadata.deletionTimestamp !== undefined) {
    return { kind: 'none' };
  }
  const data = { 'ca.crt': certificates };
  const annotations = { [DESCRIPTION_KEY]: DESCRIPTION };
  if (current === undefined) {
    const metadata = { name: ROOT_CA_NAME, namespace: namespace.metadata.name, annotations };
    return { kind: 'create', configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
  }
  if (hasOnly(current.data, certificates) && (current.metadata.annotations?.[DESCRIPTION_KEY] ?? '') !== '') {
    return { kind: 'none' };
  }
  const metadata = { ...current.metadata, annotations: { ...current.metadata.annotations, ...annotations } };
  return { kind: 'update', configMap: { ...current, metadata, data } };
}

function hasOnly(data: ConfigMap['data'], certificates: string): boolean {
  return Object.keys(data ?? {}).length === 1 && data?.['ca.crt'] === certificates;
}
