/** What users do to nodes. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { NODES, PODS } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import { pick } from '../faults/fault-parameters.ts';
import { unless } from './create-object.ts';
import { nodeNames } from './plan.ts';
import { type ActionContext, defineAction, type UserAction } from './user-action.ts';
import { evict } from './workload-actions.ts';

export const OWN_TAINT = 'example.com/maintenance';

const DRAIN_MAX_MS = 120_000;
const DRAIN_RETRY_MS = 5000;

export const NODE_ACTIONS = {
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
  taint: defineAction({
    summary: 'kubectl taint: a node takes no more Pods, or loses those that it has',
    draw: (random, { cluster }) => ({
      node: pick(random, nodeNames(cluster)),
      effect: pick(random, ['NoSchedule', 'NoExecute']),
    }),
    run: (context, { node, effect }) => setTaint(context, node, effect),
  }),
  untaint: defineAction({
    summary: 'the taint is taken off again',
    draw: (random, { cluster }) => ({ node: pick(random, nodeNames(cluster)) }),
    run: (context, { node }) => setTaint(context, node, undefined),
  }),
  drain: defineAction({
    summary: 'kubectl drain: a node is closed and its Pods are evicted, as budgets allow',
    draw: (random, { cluster }) => ({ node: pick(random, nodeNames(cluster)) }),
    run: drain,
  }),
} satisfies Record<string, UserAction>;

export async function setUnschedulable(
  { client, signal }: Pick<ActionContext, 'client' | 'signal'>,
  name: string,
  unschedulable: boolean,
): Promise<void> {
  await client.patch(NODES, { name }, { type: 'merge', body: { spec: { unschedulable } } }, signal);
}

/**
 * Of the user's own taint; those of others stay. @param effect  `undefined` takes it off
 * @throws StatusError `Conflict` when the node has changed meanwhile
 */
export async function setTaint(
  { client, signal }: Pick<ActionContext, 'client' | 'signal'>,
  name: string,
  effect: string | undefined,
): Promise<void> {
  const { metadata, spec } = await client.get(NODES, { name }, signal);
  const others = spec?.taints?.filter(({ key }) => key !== OWN_TAINT) ?? [];
  const taints = effect === undefined ? others : [...others, { key: OWN_TAINT, effect }];
  const body = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { taints } };
  await client.patch(NODES, { name }, { type: 'merge', body }, signal);
}

/** As kubectl does it: the Pods that are there when it begins, each until its budget allows it or the time is over. */
async function drain(context: ActionContext, { node }: { node: string }): Promise<void> {
  const { client, world, signal } = context;
  await setUnschedulable(context, node, true);
  const { items } = await client.list(PODS, { fieldSelector: `spec.nodeName=${node}` }, signal);
  const deadlineMs = world.clock.monotonicMs() + DRAIN_MAX_MS;
  await Promise.all(items.map((pod) => unless(['NotFound'], evictUntil(context, pod, deadlineMs))));
}

async function evictUntil(context: ActionContext, pod: Pod, deadlineMs: number): Promise<void> {
  const { world, signal } = context;
  while (world.clock.monotonicMs() < deadlineMs) {
    try {
      await evict(context, pod);
      return;
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'TooManyRequests')) throw error;
    }
    await world.clock.sleep(DRAIN_RETRY_MS, signal);
  }
}
