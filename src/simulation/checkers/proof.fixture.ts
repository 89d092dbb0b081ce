/** How a checker is proven: something is broken on purpose, and the checker must say so. Holds no tests of its own. */

import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod, PodSpec } from '../../api/generated/core-v1.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../../api/message.ts';
import { PODS, REPLICA_SETS } from '../../api/resources.ts';
import { assert } from '../../base/assert.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { newRestClient } from '../../client/rest-client.ts';
import type { Life } from '../world/life.ts';
import type { Program } from '../world/sim-process.ts';
import { readyPods } from '../world/world.fixture.ts';
import type { World, WorldOptions } from '../world/world.ts';

export interface Proof {
  readonly checker: string;
  /** What is broken: `a store that forgets what it has acknowledged`. */
  readonly broken: string;
  readonly options?: Partial<WorldOptions>;
  /** Breaks it, in a world that has started, and lets time pass. */
  readonly run: (world: World) => Promise<unknown>;
  readonly says: RegExp;
  /** It is said when asked for, once time has passed; otherwise the moment it happens. */
  readonly isLiveness?: boolean;
}

export const never = new AbortController().signal;

export const WEB = { namespace: 'default', name: 'web' };

export const WEB_TEMPLATE = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web' }] },
};

export function createReplicaSet(world: World, replicas: number): Promise<ReplicaSet> {
  const spec = { replicas, selector: { matchLabels: { app: 'web' } }, template: WEB_TEMPLATE };
  const object = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: WEB, spec } as const;
  return world.finish(world.client().create(REPLICA_SETS, object, never));
}

/** A Pod of nobody. */
export function createPod(
  world: World,
  name: string,
  spec: Partial<PodSpec>,
  owner?: OwnerReference,
): Promise<Pod> {
  const metadata = {
    name,
    namespace: 'default',
    labels: { app: 'web' },
    ...(owner && { ownerReferences: [owner] }),
  };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { ...WEB_TEMPLATE.spec, ...spec },
  } as const;
  return world.finish(world.client().create(PODS, object, never));
}

export async function untilReady(world: World, count: number): Promise<void> {
  await world.until(() => readyPods(world).length === count, 60_000);
}

/** A machine whose one process does `work` as `user`: what a controller would be that is wrong. */
export function runRogue(
  world: World,
  user: UserInfo,
  work: (client: ApiClient, life: Life, signal: AbortSignal) => Promise<void>,
): void {
  const controllers: Program = (life, signal) => {
    const transport = world.transportOf({ party: 'rogue', process: 'rogue/controllers', life, user });
    return work(newRestClient(transport, { userAgent: 'rogue' }), life, signal);
  };
  world.addMachine('rogue', { controllers });
}

export function isFrom(user: UserInfo, { peer }: ApiRequest): boolean {
  return peer.kind === 'internal' && peer.user.username === user.username;
}

/** As if it were done. */
export const SUCCESS = statusResponse(200, { status: 'Success' });
export const REFUSED = statusResponse(403, {
  status: 'Failure',
  reason: 'Forbidden',
  message: 'refused',
  code: 403,
});

function statusResponse(status: number, fields: object): ApiResponse {
  const value = { kind: 'Status', apiVersion: 'v1', ...fields };
  return { status, headers: {}, body: { kind: 'object', value, bytes: () => new Uint8Array() } };
}

export function serviceAccount(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:masters', 'system:authenticated'],
  };
}

type Handle = (request: ApiRequest, signal: AbortSignal) => Promise<ApiResponse>;

/** The server from now on, until its process ends, answers as `broken` has it: `whole` is what it would do. */
export function breakServer(
  world: World,
  broken: (request: ApiRequest, whole: () => Promise<ApiResponse>) => Promise<ApiResponse>,
): void {
  const { listener } = world.server;
  assert(listener !== undefined, 'the server runs');
  const handle: Handle = listener.handle.bind(listener);
  Object.assign(listener, {
    handle: (request: ApiRequest, signal: AbortSignal) => broken(request, () => handle(request, signal)),
  });
}
