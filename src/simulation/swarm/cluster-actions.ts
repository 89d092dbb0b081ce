/** What users do to nodes and namespaces, and how they take objects away and bring them back. */
import type { KubeObject, NewObject } from '../../api/meta.ts';
import { splitApiVersion } from '../../api/meta.ts';
import { DEPLOYMENTS, findKind, NODES, PODS, type ResourceRef } from '../../api/resources.ts';
import { StatusError, type StatusReason } from '../../base/status-error.ts';
import { pick } from '../faults/fault-parameters.ts';
import { nodeNames, type PlannedObject } from './plan.ts';
import { type ActionContext, defineAction, type UserAction } from './user-action.ts';
import { drawName, evict, nameOf } from './workload-actions.ts';

const DRAIN_MAX_MS = 120_000;
const DRAIN_RETRY_MS = 5000;

export const CLUSTER_ACTIONS = {
  cordon: defineAction({
    summary: 'nothing more is scheduled onto a node',
    draw: (random, { cluster }) => ({ node: pick(random, nodeNames(cluster)) }),
    run: (context, { node }) => setUnschedulable(context, node, true),
  }),
  uncordon: defineAction({
    summary: 'a node is open again',
    draw: (random, { cluster }) => ({ node: pick(random, nodeNames(cluster)) }),
    run: (context, { node }) => setUnschedulable(context, node, false),
  }),
  drain: defineAction({
    summary: 'kubectl drain: a node is closed and its Pods are evicted, as budgets allow',
    draw: (random, { cluster }) => ({ node: pick(random, nodeNames(cluster)) }),
    run: drain,
  }),
  'delete-workload': defineAction({
    summary: 'a Deployment is deleted: in the background, in the foreground, or without its Pods',
    draw(random, plan) {
      const target = drawName(random, plan, 'Deployment');
      const policy = pick(random, ['Background', 'Foreground', 'Orphan'] as const);
      return target && { ...target, policy };
    },
    async run({ client, signal }, { policy, ...target }) {
      await client.delete(DEPLOYMENTS, target, { propagationPolicy: policy }, signal);
    },
  }),
  apply: defineAction({
    summary: 'an object that is missing is created again',
    draw(random, { objects }) {
      const object = pick(random, objects);
      return { kind: object.kind, ...nameOf(object) };
    },
    async run(context, { kind, namespace, name }) {
      const object = context.plan.objects.find(
        (planned) =>
          planned.kind === kind && planned.metadata.name === name && nameOf(planned).namespace === namespace,
      );
      if (object !== undefined) await createObject(context, object);
    },
  }),
} satisfies Record<string, UserAction>;

/** One that exists already is left as it is. */
export async function createObject(
  { client, signal }: Pick<ActionContext, 'client' | 'signal'>,
  object: PlannedObject,
) {
  const { group, version } = splitApiVersion(object.apiVersion);
  const resource = findKind(group, version, object.kind) as ResourceRef<KubeObject>;
  await unless(['AlreadyExists'], client.create(resource, object as NewObject<KubeObject>, signal));
}

export async function setUnschedulable(
  { client, signal }: Pick<ActionContext, 'client' | 'signal'>,
  name: string,
  unschedulable: boolean,
): Promise<void> {
  await client.patch(NODES, { name }, { type: 'merge', body: { spec: { unschedulable } } }, signal);
}

async function drain(context: ActionContext, { node }: { node: string }): Promise<void> {
  const { client, world, signal } = context;
  await setUnschedulable(context, node, true);
  const deadlineMs = world.clock.monotonicMs() + DRAIN_MAX_MS;
  while (world.clock.monotonicMs() < deadlineMs) {
    const { items } = await client.list(PODS, { fieldSelector: `spec.nodeName=${node}` }, signal);
    const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (staying.length === 0) return;
    for (const pod of staying) await unless(['TooManyRequests', 'NotFound'], evict(context, pod));
    await world.clock.sleep(DRAIN_RETRY_MS, signal);
  }
}

/** Waits for `request`; that it is refused for one of `reasons` is fine. */
async function unless(reasons: readonly StatusReason[], request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof StatusError && reasons.includes(error.reason))) throw error;
  }
}
