/** Every Pod that is durable now: by uid, and by the uid of its controller. Bounded by the Pods that exist. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { PODS } from '../../api/resources.ts';
import type { World } from '../world/world.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

const NONE: ReadonlyMap<string, Pod> = new Map();

export class PodBook {
  readonly #byUid = new Map<string, Pod>();
  readonly #byController = new Map<string, Map<string, Pod>>();

  constructor(world: World) {
    for (const pod of world.objects(PODS)) this.#put(pod);
  }

  get(uid: string): Pod | undefined {
    return this.#byUid.get(uid);
  }

  all(): Iterable<Pod> {
    return this.#byUid.values();
  }

  /** By uid. */
  controlledBy(controllerUid: string): ReadonlyMap<string, Pod> {
    return this.#byController.get(controllerUid) ?? NONE;
  }

  onCommit({ key, type, object }: ObjectCommitted): void {
    if (!key.startsWith(PODS_PREFIX)) return;
    const pod = object as unknown as Pod;
    if (type === 'put') this.#put(pod);
    else this.#remove(pod.metadata.uid);
  }

  #put(pod: Pod): void {
    const { uid } = pod.metadata;
    const controller = controllerOf(pod)?.uid;
    const before = this.#byUid.get(uid);
    if (before !== undefined && controllerOf(before)?.uid !== controller) this.#remove(uid);
    this.#byUid.set(uid, pod);
    if (controller === undefined) return;
    let controlled = this.#byController.get(controller);
    if (controlled === undefined) {
      controlled = new Map();
      this.#byController.set(controller, controlled);
    }
    controlled.set(uid, pod);
  }

  #remove(uid: string): void {
    const pod = this.#byUid.get(uid);
    if (pod === undefined) return;
    this.#byUid.delete(uid);
    const controller = controllerOf(pod)?.uid;
    if (controller === undefined) return;
    const controlled = this.#byController.get(controller);
    controlled?.delete(uid);
    if (controlled?.size === 0) this.#byController.delete(controller);
  }
}
