/**
 * Nodes that already hold the Pod's images, less so where few nodes do, so that one node with an image does not draw all its
 * Pods. What counts is between 23 MB and 1000 MB a container.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/imagelocality/image_locality.go
 */
import type { NodeInfo } from '../node-info.ts';
import { SCORE_MAX, type Score } from './score.ts';

const MEBIBYTE = 1024 * 1024;
const LEAST_BYTES = 23 * MEBIBYTE;
const MOST_BYTES_PER_CONTAINER = 1000 * MEBIBYTE;

export const imageLocality: Score = {
  name: 'ImageLocality',
  weight: 1,
  score({ pod: { spec } }, nodes, cluster) {
    if (nodes.every(({ node }) => !node.status?.images?.length)) return undefined;
    const containers = [...spec.containers, ...(spec.initContainers ?? [])];
    const wanted = new Set(containers.map(({ image }) => normalizedName(image ?? '')));
    const holders = new Map<string, number>();
    for (const node of cluster.nodes)
      for (const name of heldImages(node, wanted).keys()) holders.set(name, (holders.get(name) ?? 0) + 1);
    if (holders.size === 0) return undefined;
    const mostBytes = MOST_BYTES_PER_CONTAINER * containers.length;
    return nodes.map((node) => {
      let bytes = 0;
      for (const [name, sizeBytes] of heldImages(node, wanted))
        bytes += Math.floor((sizeBytes * holders.get(name)!) / cluster.nodes.length);
      const counted = Math.min(Math.max(bytes, LEAST_BYTES), mostBytes);
      return Math.floor((SCORE_MAX * (counted - LEAST_BYTES)) / (mostBytes - LEAST_BYTES));
    });
  },
};

/** Size in bytes of each of `wanted` that `node` holds. */
function heldImages({ node }: NodeInfo, wanted: ReadonlySet<string>): Map<string, number> {
  const held = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node.status?.images ?? [])
    for (const name of names) if (wanted.has(name)) held.set(name, sizeBytes);
  return held;
}

/** A reference without a tag means `latest`. */
function normalizedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
