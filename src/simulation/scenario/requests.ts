/** What users ask of the API, as `kubectl` asks it. */
import type { Deployment } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject, NewObject } from '../../api/meta.ts';
import { controllerOf, isControlledBy } from '../../api/owner-references.ts';
import { DEPLOYMENTS, NODES, PODS, REPLICA_SETS, type ResourceRef } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { DeleteOptions, ObjectName, Patch } from '../../client/api-client.ts';
import type { Manifest } from './manifest.ts';
import type { ObjectPattern } from './object-pattern.ts';
import type { StepContext } from './step-context.ts';

type Requester = Pick<StepContext, 'client' | 'signal'>;

/** As `kubectl apply`: created, or patched to be as it is written; what is no longer written stays. */
export async function applyManifest({ client, signal }: Requester, manifest: Manifest): Promise<void> {
  const resource = manifest.row as ResourceRef<KubeObject>;
  const target = nameOf(manifest);
  const isThere = await client.get(resource, target, signal).then(
    () => true,
    (error: unknown) => {
      if (hasReason(error, 'NotFound')) return false;
      throw error;
    },
  );
  if (!isThere) await createManifest({ client, signal }, manifest);
  else await client.patch(resource, target, { type: 'strategic', body: manifest.object }, signal);
}

export async function createManifest({ client, signal }: Requester, manifest: Manifest): Promise<void> {
  const { row, object, namespace } = manifest;
  const metadata = { ...(object['metadata'] as JsonObject), ...(namespace === '' ? {} : { namespace }) };
  const created = { ...structuredClone(object), metadata } as unknown as NewObject<KubeObject>;
  await client.create(row as ResourceRef<KubeObject>, created, signal);
}

/** Whoever the pattern means now, in order of their names; the one that an exact name names, whether it is there or not. */
export function targetsOf(
  { world }: Pick<StepContext, 'world'>,
  pattern: ObjectPattern,
  first?: number,
): ObjectName[] {
  const { row, namespace, name, exactName } = pattern;
  if (exactName !== undefined) return [nameOf({ namespace, name: exactName })];
  const found = world
    .objects(row as ResourceRef<KubeObject>, namespace)
    .filter(({ metadata }) => name.test(metadata.name))
    .map(({ metadata }) => nameOf({ namespace, name: metadata.name }));
  return found.slice(0, first);
}

export async function deleteObjects(
  context: StepContext,
  { pattern, first, options }: { pattern: ObjectPattern; first: number | undefined; options: DeleteOptions },
): Promise<void> {
  const resource = pattern.row as ResourceRef<KubeObject>;
  for (const target of targetsOf(context, pattern, first)) {
    await context.client.delete(resource, target, options, context.signal);
  }
}

export async function patchObjects(
  context: StepContext,
  pattern: ObjectPattern,
  patch: Patch,
): Promise<void> {
  for (const target of targetsOf(context, pattern)) {
    await context.client.patch(pattern.row as ResourceRef<KubeObject>, target, patch, context.signal);
  }
}

export async function setUnschedulable(
  { client, signal }: Requester,
  name: string,
  unschedulable: boolean,
): Promise<void> {
  await client.patch(NODES, { name }, { type: 'strategic', body: { spec: { unschedulable } } }, signal);
}

export async function evict(
  { client, signal }: Requester,
  target: ObjectName,
  gracePeriodSeconds?: number,
): Promise<void> {
  const deleteOptions = gracePeriodSeconds === undefined ? {} : { deleteOptions: { gracePeriodSeconds } };
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: target, ...deleteOptions };
  await client.createSubresource(PODS, target, { name: 'eviction', body }, signal);
}

/** As `kubectl drain` waits before it tries an eviction again that a budget forbids. */
const EVICTION_RETRY_MS = 5000;

/** As `kubectl drain --ignore-daemonsets`: cordoned, then every Pod evicted, each tried again until its budget allows it. */
export async function drain(context: StepContext, node: string): Promise<void> {
  const { client, world, signal } = context;
  await setUnschedulable(context, node, true);
  const { items } = await client.list(PODS, { fieldSelector: `spec.nodeName=${node}` }, signal);
  const leaving = items.filter((pod) => controllerOf(pod)?.kind !== 'DaemonSet');
  const leave = async (pod: Pod): Promise<void> => {
    for (;;) {
      try {
        await evict(context, nameOf({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }));
        return;
      } catch (error) {
        if (hasReason(error, 'NotFound')) return;
        if (!hasReason(error, 'TooManyRequests')) throw error;
      }
      await world.clock.sleep(EVICTION_RETRY_MS, signal);
    }
  };
  await Promise.all(leaving.map(leave));
}

/** As `kubectl rollout restart`. */
export async function restartRollout(context: StepContext, pattern: ObjectPattern): Promise<void> {
  const restartedAt = String(context.world.clock.now());
  const annotations = { 'kubectl.kubernetes.io/restartedAt': restartedAt };
  const body = { spec: { template: { metadata: { annotations } } } };
  await patchObjects(context, pattern, { type: 'strategic', body });
}

const REVISION = 'deployment.kubernetes.io/revision';

/** As `kubectl rollout undo`: the template of the revision before, or of the one that is asked for. */
export async function undoRollout(
  { client, signal }: Requester,
  { namespace, exactName }: ObjectPattern,
  toRevision: number | undefined,
): Promise<void> {
  const target = nameOf({ namespace, name: exactName ?? '' });
  const deployment: Deployment = await client.get(DEPLOYMENTS, target, signal);
  const { items } = await client.list(REPLICA_SETS, { namespace }, signal);
  const older = items
    .filter((set) => isControlledBy(set, deployment))
    .filter((set) =>
      toRevision === undefined ? revisionOf(set) < revisionOf(deployment) : revisionOf(set) === toRevision,
    )
    .sort((a, b) => revisionOf(b) - revisionOf(a))[0];
  if (older === undefined) throw new Error(`no rollout history found for deployment "${exactName}"`);
  const template = structuredClone(older.spec!.template!);
  delete template.metadata?.labels?.['pod-template-hash'];
  const body = [{ op: 'replace', path: '/spec/template', value: template }];
  await client.patch(DEPLOYMENTS, target, { type: 'json', body }, signal);
}

function revisionOf({ metadata }: { metadata: { annotations?: Record<string, string> } }): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}

function nameOf({ namespace, name }: { namespace: string; name: string }): ObjectName {
  return namespace === '' ? { name } : { namespace, name };
}
