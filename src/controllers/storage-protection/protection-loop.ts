/**
 * Holds objects of one kind by a finalizer, and lets each go once it is deleted and nobody uses it: by the cache first, then
 * asked live, since what a cache does not show yet would lose its storage.
 */
import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { ResourceRef } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from '../framework/controller.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';

export interface Protection<T extends KubeObject> {
  /** As in logs and metrics. */
  name: string;
  resource: ResourceRef<T>;
  finalizer: string;
  /** Of whoever may use the objects. */
  users: readonly Pick<Informer<KubeObject>, 'whenSynced'>[];
  isUsed: (object: T) => boolean;
  isUsedLive: (object: T, signal: AbortSignal) => Promise<boolean>;
}

const WORKERS = 1;

export function newProtectionLoop<T extends KubeObject>(
  context: ControllerContext,
  protection: Protection<T>,
): WorkerLoop {
  const { name, resource, finalizer, users, isUsed, isUsedLive } = protection;
  const { client, informers } = context;
  const objects = informers.informer(resource);

  async function sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const object = objects.get(key);
    if (object === undefined) return {};
    const finalizers = object.metadata.finalizers ?? [];
    const isHeld = finalizers.includes(finalizer);
    const isGoing = object.metadata.deletionTimestamp !== undefined;
    const write = (names: string[]) =>
      client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: names } }, signal);
    if (!isGoing && !isHeld) await write([...finalizers, finalizer]);
    if (!isGoing || !isHeld || isUsed(object) || (await isUsedLive(object, signal))) return {};
    await write(finalizers.filter((one) => one !== finalizer));
    return {};
  }

  const loop = newWorkerLoop(context, {
    name,
    workers: WORKERS,
    sync,
    informers: [objects, ...users],
    resync: { lister: objects, intervalMs: DEFAULT_RESYNC_MS },
  });
  const look = (object: T) => {
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if ((deletionTimestamp !== undefined) === finalizers.includes(finalizer)) loop.enqueue(keyOf(object));
  };
  objects.addListener({ onAdd: look, onUpdate: look, onDelete: () => {} });
  return loop;
}
