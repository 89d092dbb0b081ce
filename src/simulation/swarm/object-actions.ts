/** How users take objects away, bring them back, and say what belongs to what. */
import type { KubeObject } from '../../api/meta.ts';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, REPLICA_SETS, type ResourceRef } from '../../api/resources.ts';
import type { Random } from '../../base/random.ts';
import { drawCount, pick } from '../faults/fault-parameters.ts';
import { createObject, resourceOf } from './create-object.ts';
import type { PlannedObject, SwarmPlan } from './plan.ts';
import { type ActionContext, defineAction, type UserAction } from './user-action.ts';
import { drawName, nameOf, type TargetName } from './workload-actions.ts';

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const;

export const OBJECT_ACTIONS = {
  'delete-deployment': defineAction({
    summary: 'a Deployment is deleted: in the background, in the foreground, or without its Pods',
    draw(random, plan) {
      const target = drawName(random, plan, 'Deployment');
      return target && { ...target, policy: pick(random, POLICIES) };
    },
    run: (context, { policy, ...target }) => remove(context, DEPLOYMENTS, target, policy),
  }),
  'delete-set': defineAction({
    summary: 'a ReplicaSet of no Deployment is deleted, as a Deployment is',
    draw(random, plan) {
      const target = drawName(random, plan, 'ReplicaSet');
      return target && { ...target, policy: pick(random, POLICIES) };
    },
    run: (context, { policy, ...target }) => remove(context, REPLICA_SETS, target, policy),
  }),
  'delete-namespace': defineAction({
    summary: 'a namespace is deleted with everything in it',
    draw(random, { objects }) {
      const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
      return namespaces.length === 0 ? undefined : { name: pick(random, namespaces).metadata.name };
    },
    async run({ client, signal }, { name }) {
      await client.delete(NAMESPACES, { name }, {}, signal);
    },
  }),
  'apply-one': defineAction({
    summary: 'an object that is missing is created again',
    draw: drawPlanned,
    async run(context, planned) {
      const object = plannedObject(context, planned);
      if (object !== undefined) await createObject(context, object);
    },
  }),
  'replace-one': defineAction({
    summary: 'kubectl replace --force: an object goes at once, and a namesake takes its place',
    draw: drawPlanned,
    async run(context, planned) {
      const object = plannedObject(context, planned);
      if (object === undefined || object.kind === 'Namespace') return;
      const options = { propagationPolicy: 'Background', gracePeriodSeconds: 0 } as const;
      await context.client.delete(resourceOf(object), nameOf(object), options, context.signal);
      await createObject(context, object);
    },
  }),
  'apply-all': defineAction({
    summary: 'whatever is missing is created again',
    draw: () => ({}),
    async run(context) {
      for (const object of context.plan.objects) await createObject(context, object);
    },
  }),
  'change-settings': defineAction({
    summary: 'a ConfigMap changes',
    draw(random, plan) {
      const target = drawName(random, plan, 'ConfigMap');
      return target && { ...target, version: String(drawCount(random, 1, 1000)) };
    },
    async run({ client, signal }, { version, ...target }) {
      await client.patch(CONFIG_MAPS, target, { type: 'merge', body: { data: { version } } }, signal);
    },
  }),
  own: defineAction({
    summary: 'a ConfigMap is given to a Deployment, beside those that own it: it goes with the last of them',
    draw(random, plan) {
      const target = drawName(random, plan, 'ConfigMap');
      const owner = drawName(random, plan, 'Deployment');
      if (target === undefined || owner === undefined) return undefined;
      return { ...target, owner: owner.name, blocks: random.next() < 0.5 };
    },
    run: giveToDeployment,
  }),
} satisfies Record<string, UserAction>;

function drawPlanned(random: Random, { objects }: Pick<SwarmPlan, 'objects'>): TargetName & { kind: string } {
  const object = pick(random, objects);
  return { kind: object.kind, ...nameOf(object) };
}

function plannedObject(
  { plan }: ActionContext,
  { kind, ...target }: TargetName & { kind: string },
): PlannedObject | undefined {
  return plan.objects.find((planned) => planned.kind === kind && isNamed(planned, target));
}

function isNamed(object: Parameters<typeof nameOf>[0], { namespace, name }: TargetName): boolean {
  const own = nameOf(object);
  return own.namespace === namespace && own.name === name;
}

async function remove<T extends KubeObject>(
  { client, signal }: ActionContext,
  resource: ResourceRef<T>,
  target: TargetName,
  propagationPolicy: (typeof POLICIES)[number],
): Promise<void> {
  await client.delete(resource, target, { propagationPolicy }, signal);
}

async function giveToDeployment(
  { client, signal }: ActionContext,
  { owner, blocks, ...target }: TargetName & { owner: string; blocks: boolean },
): Promise<void> {
  const { apiVersion, kind, metadata } = await client.get(
    DEPLOYMENTS,
    { namespace: target.namespace, name: owner },
    signal,
  );
  const { name, uid } = metadata;
  const { ownerReferences: given = [] } = (await client.get(CONFIG_MAPS, target, signal)).metadata;
  const others = given.filter((reference) => reference.uid !== uid);
  const ownerReferences = [...others, { apiVersion, kind, name, uid, blockOwnerDeletion: blocks }];
  await client.patch(CONFIG_MAPS, target, { type: 'merge', body: { metadata: { ownerReferences } } }, signal);
}
