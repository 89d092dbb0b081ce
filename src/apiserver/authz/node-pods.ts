/**
 * Which Pods are bound to which node, and what those Pods name: the graph by which a kubelet's reach is measured.
 * Whoever owns the store puts every Pod in and keeps it current.
 */
import type { Container, EphemeralContainer, Pod, PodSpec, Volume } from '../../api/generated/core-v1.ts';

/** What a kubelet needs of a Pod's surroundings. */
export type ReferencedResource =
  | 'secrets'
  | 'configmaps'
  | 'serviceaccounts'
  | 'persistentvolumeclaims'
  | 'resourceclaims';

export interface NodePods {
  put(pod: Pod): void;
  delete(pod: Pod): void;
  /** The node that a Pod is bound to: `''` while it is not, undefined when there is no such Pod. */
  nodeOf(namespace: string, name: string): string | undefined;
  /** Whether any Pod bound to `node` names the object. */
  isReferenced(
    node: string,
    resource: ReferencedResource,
    object: { namespace: string; name: string },
  ): boolean;
}

export function newNodePods(): NodePods {
  return new PodGraph();
}

interface BoundPod {
  node: string;
  pod: Pod;
  /** `secrets/name`; worked out when first asked for. */
  references?: ReadonlySet<string>;
}

class PodGraph implements NodePods {
  readonly #pods = new Map<string, BoundPod>();
  readonly #nodes = new Map<string, Map<string, BoundPod>>();

  put(pod: Pod): void {
    const key = keyOf(pod);
    const node = pod.spec?.nodeName ?? '';
    const known = this.#pods.get(key);
    // A Pod's references never change while it lives; its status does, all the time. Older versions are not held for it.
    if (known?.node === node && known.pod.metadata.uid === pod.metadata.uid) {
      known.pod = pod;
      return;
    }
    if (known) this.#unbind(key, known);
    const bound = { node, pod };
    this.#pods.set(key, bound);
    if (node === '') return;
    const pods = this.#nodes.get(node) ?? new Map<string, BoundPod>();
    this.#nodes.set(node, pods.set(key, bound));
  }

  delete(pod: Pod): void {
    const key = keyOf(pod);
    const known = this.#pods.get(key);
    if (!known) return;
    this.#pods.delete(key);
    this.#unbind(key, known);
  }

  nodeOf(namespace: string, name: string): string | undefined {
    return this.#pods.get(`${namespace}/${name}`)?.node;
  }

  isReferenced(
    node: string,
    resource: ReferencedResource,
    object: { namespace: string; name: string },
  ): boolean {
    const reference = `${resource}/${object.name}`;
    for (const bound of this.#nodes.get(node)?.values() ?? []) {
      if (bound.pod.metadata.namespace !== object.namespace) continue;
      bound.references ??= referencesOf(bound.pod);
      if (bound.references.has(reference)) return true;
    }
    return false;
  }

  #unbind(key: string, { node }: BoundPod): void {
    const pods = this.#nodes.get(node);
    pods?.delete(key);
    if (pods?.size === 0) this.#nodes.delete(node);
  }
}

function keyOf(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

/** @see pkg/api/pod/util.go in kubernetes/kubernetes, VisitPodSecretNames and VisitPodConfigmapNames */
export function referencesOf(pod: Pod): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (resource: ReferencedResource, name: string | undefined) => {
    if (name) found.add(`${resource}/${name}`);
  };
  const { spec } = pod;
  if (!spec) return found;
  add('serviceaccounts', spec.serviceAccountName);
  for (const { name } of spec.imagePullSecrets ?? []) add('secrets', name);
  for (const container of allContainers(spec)) addEnvironment(container, add);
  for (const volume of spec.volumes ?? []) {
    addVolume(volume, add);
    if (volume.ephemeral) add('persistentvolumeclaims', `${pod.metadata.name}-${volume.name}`);
  }
  for (const { resourceClaimName } of spec.resourceClaims ?? []) add('resourceclaims', resourceClaimName);
  for (const { resourceClaimName } of pod.status?.resourceClaimStatuses ?? []) {
    add('resourceclaims', resourceClaimName);
  }
  return found;
}

type Add = (resource: ReferencedResource, name: string | undefined) => void;
type AnyContainer = Pick<Container | EphemeralContainer, 'env' | 'envFrom'>;

function allContainers(spec: PodSpec): AnyContainer[] {
  return [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function addEnvironment({ env, envFrom }: AnyContainer, add: Add): void {
  for (const { valueFrom } of env ?? []) {
    add('secrets', valueFrom?.secretKeyRef?.name);
    add('configmaps', valueFrom?.configMapKeyRef?.name);
  }
  for (const source of envFrom ?? []) {
    add('secrets', source.secretRef?.name);
    add('configmaps', source.configMapRef?.name);
  }
}

function addVolume(volume: Volume, add: Add): void {
  add('secrets', volume.secret?.secretName);
  add('configmaps', volume.configMap?.name);
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
  add('secrets', volume.csi?.nodePublishSecretRef?.name);
  for (const source of volume.projected?.sources ?? []) {
    add('secrets', source.secret?.name);
    add('configmaps', source.configMap?.name);
  }
}
