/** Which nodes hold which container images, as their kubelets say. Kept by image, for a Pod asks for a few of many. */
import type { ContainerImage } from '../api/generated/core-v1.ts';
import { equalJson } from '../api/json.ts';
import type { NodeInfo } from './node-info.ts';

const NOWHERE: ReadonlyMap<NodeInfo, number> = new Map();
const NO_IMAGES: readonly ContainerImage[] = [];

export class ImageIndex {
  readonly #byName = new Map<string, Map<NodeInfo, number>>();
  readonly #ofNode = new Map<NodeInfo, readonly ContainerImage[]>();

  /** Size in bytes by node, of the image with this name. */
  holders(name: string): ReadonlyMap<NodeInfo, number> {
    return this.#byName.get(name) ?? NOWHERE;
  }

  /** Takes over what `node` says now. */
  update(node: NodeInfo): void {
    const images = node.node.status?.images ?? NO_IMAGES;
    if (equalJson(this.#ofNode.get(node) ?? NO_IMAGES, images)) return;
    this.remove(node);
    this.#ofNode.set(node, images);
    for (const { names = [], sizeBytes = 0 } of images) {
      for (const name of names) {
        const holders = this.#byName.get(name) ?? new Map<NodeInfo, number>();
        this.#byName.set(name, holders.set(node, sizeBytes));
      }
    }
  }

  remove(node: NodeInfo): void {
    for (const { names = [] } of this.#ofNode.get(node) ?? NO_IMAGES) {
      for (const name of names) {
        const holders = this.#byName.get(name);
        holders?.delete(node);
        if (holders?.size === 0) this.#byName.delete(name);
      }
    }
    this.#ofNode.delete(node);
  }
}
