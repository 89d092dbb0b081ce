/** What users do to Deployments, ReplicaSets and their Pods. */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { isControlledBy } from '../../api/owner-references.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../api/resources.ts';
import type { Random } from '../../base/random.ts';
import { drawCount, pick } from '../faults/fault-parameters.ts';
import { MAIN_CONTAINER } from './draw-pod-spec.ts';
import { BROKEN_IMAGE, SERVING_IMAGE_NAMES } from './draw-programs.ts';
import type { PlannedObject, SwarmPlan } from './plan.ts';
import { type ActionContext, defineAction, type UserAction } from './user-action.ts';

export type TargetName = { namespace: string; name: string };

const REVISION = 'deployment.kubernetes.io/revision';
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** As far as users scale. */
export const REPLICAS_MAX = { Deployment: 8, ReplicaSet: 6 } as const;

export const WORKLOAD_ACTIONS = {
  scale: defineAction({
    summary: 'a Deployment is scaled',
    draw(random, plan) {
      const target = drawName(random, plan, 'Deployment');
      return target && { ...target, replicas: drawCount(random, 0, REPLICAS_MAX.Deployment) };
    },
    run: ({ client, signal }, { replicas, ...target }) =>
      done(client.patch(DEPLOYMENTS, target, { type: 'merge', body: { spec: { replicas } } }, signal)),
  }),
  'scale-set': defineAction({
    summary: 'a ReplicaSet of no Deployment is scaled',
    draw(random, plan) {
      const target = drawName(random, plan, 'ReplicaSet');
      return target && { ...target, replicas: drawCount(random, 0, REPLICAS_MAX.ReplicaSet) };
    },
    run: ({ client, signal }, { replicas, ...target }) =>
      done(client.patch(REPLICA_SETS, target, { type: 'merge', body: { spec: { replicas } } }, signal)),
  }),
  'set-image': defineAction({
    summary: 'a Deployment gets another image, now and then one that does not work',
    draw(random, plan) {
      const target = drawName(random, plan, 'Deployment');
      const image = random.next() < 0.2 ? BROKEN_IMAGE : pick(random, SERVING_IMAGE_NAMES);
      return target && { ...target, image };
    },
    run: (context, { image, ...target }) => setImage(context, target, image),
  }),
  'restart-rollout': defineAction({
    summary: 'kubectl rollout restart',
    draw: (random, plan) => drawName(random, plan, 'Deployment'),
    run: ({ client, signal, world }, target) => {
      const annotations = { [RESTARTED_AT]: String(world.clock.now()) };
      const body = { spec: { template: { metadata: { annotations } } } };
      return done(client.patch(DEPLOYMENTS, target, { type: 'merge', body }, signal));
    },
  }),
  rollback: defineAction({
    summary: 'kubectl rollout undo',
    draw: (random, plan) => drawName(random, plan, 'Deployment'),
    run: rollBack,
  }),
  pause: defineAction({
    summary: 'a rollout is paused',
    draw: (random, plan) => drawName(random, plan, 'Deployment'),
    run: (context, target) => setPaused(context, target, true),
  }),
  resume: defineAction({
    summary: 'a rollout goes on',
    draw: (random, plan) => drawName(random, plan, 'Deployment'),
    run: (context, target) => setPaused(context, target, false),
  }),
  'delete-pod': defineAction({
    summary: 'a Pod is deleted, now and then at once',
    draw: (random) => ({ pick: random.next(), force: random.next() < 0.15 }),
    async run(context, { force, ...chosen }) {
      const pod = choosePod(context, chosen.pick);
      if (pod === undefined) return;
      const options = force ? { gracePeriodSeconds: 0 } : {};
      await context.client.delete(PODS, nameOf(pod), options, context.signal);
    },
  }),
  'evict-pod': defineAction({
    summary: 'a Pod is evicted, if its budget allows',
    draw: (random) => ({ pick: random.next() }),
    async run(context, chosen) {
      const pod = choosePod(context, chosen.pick);
      if (pod !== undefined) await evict(context, pod);
    },
  }),
} satisfies Record<string, UserAction>;

export async function setImage(context: ActionContext, target: TargetName, image: string): Promise<void> {
  const containers = [{ name: MAIN_CONTAINER, image }];
  const body = { spec: { template: { spec: { containers } } } };
  await context.client.patch(DEPLOYMENTS, target, { type: 'strategic', body }, context.signal);
}

export async function setPaused(
  { client, signal }: ActionContext,
  target: TargetName,
  paused: boolean,
): Promise<void> {
  await client.patch(DEPLOYMENTS, target, { type: 'merge', body: { spec: { paused } } }, signal);
}

export async function evict({ client, signal }: ActionContext, pod: Pod): Promise<void> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: nameOf(pod) };
  await client.createSubresource(PODS, nameOf(pod), { name: 'eviction', body }, signal);
}

export function drawName(
  random: Random,
  plan: Pick<SwarmPlan, 'objects'>,
  kind: string,
): TargetName | undefined {
  const found = plan.objects.filter((object) => object.kind === kind);
  return found.length === 0 ? undefined : nameOf(pick(random, found));
}

export function nameOf({ metadata }: PlannedObject | Pod | ReplicaSet | Deployment): TargetName {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

/** As kubectl does it: the template of the newest older ReplicaSet, without the label that the controller adds. */
async function rollBack({ client, signal }: ActionContext, target: TargetName): Promise<void> {
  const deployment: Deployment = await client.get(DEPLOYMENTS, target, signal);
  const { items } = await client.list(REPLICA_SETS, { namespace: target.namespace }, signal);
  const revisionOf = (object: { metadata: { annotations?: Record<string, string> } }) =>
    Number(object.metadata.annotations?.[REVISION] ?? 0);
  const older = items
    .filter((set) => isControlledBy(set, deployment) && revisionOf(set) < revisionOf(deployment))
    .sort((a, b) => revisionOf(b) - revisionOf(a))[0];
  if (older === undefined) return;
  const template = structuredClone(older.spec!.template!);
  delete template.metadata?.labels?.['pod-template-hash'];
  const body = [{ op: 'replace', path: '/spec/template', value: template as unknown as JsonObject }];
  await client.patch(DEPLOYMENTS, target, { type: 'json', body }, signal);
}

/** The same share of whatever Pods there are now: as a user finds them who asks the API when it works. */
function choosePod({ world }: ActionContext, share: number): Pod | undefined {
  const pods = world.objects(PODS);
  return pods[Math.floor(share * pods.length)];
}

async function done(request: Promise<unknown>): Promise<void> {
  await request;
}
