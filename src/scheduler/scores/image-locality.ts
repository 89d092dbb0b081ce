/**
 * Nodes that already hold the Pod's images, less so where few nodes do, so that one node with an image does not draw all its
 * Pods. What counts is between 23 MB and 1000 MB a container.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/imagelocality/image_locality.go
 */
import { SCORE_MAX, type Score } from './score.ts';

const MEBIBYTE = 1024 * 1024;
const LEAST_BYTES = 23 * MEBIBYTE;
const MOST_BYTES_PER_CONTAINER = 1000 * MEBIBYTE;

export const imageLocality: Score = {
  name: 'ImageLocality',
  weight: 1,
  score({ pod: { spec } }, nodes, { images, nodes: all }) {
    const containers = [...(spec.initContainers ?? []), ...spec.containers];
    const held = containers
      .map(({ image }) => images.holders(normalizedName(image ?? '')))
      .filter(({ size }) => size > 0);
    if (held.length === 0) return undefined;
    const mostBytes = MOST_BYTES_PER_CONTAINER * containers.length;
    const scores = new Float64Array(nodes.length);
    for (let index = 0; index < scores.length; index++) {
      let bytes = 0;
      for (const holders of held)
        bytes += Math.floor(((holders.get(nodes[index]!) ?? 0) * holders.size) / all.length);
      const counted = Math.min(Math.max(bytes, LEAST_BYTES), mostBytes);
      scores[index] = Math.floor((SCORE_MAX * (counted - LEAST_BYTES)) / (mostBytes - LEAST_BYTES));
    }
    return scores;
  },
};

/** A reference without a tag means `latest`. */
function normalizedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
