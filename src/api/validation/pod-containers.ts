/** All containers of a Pod, of every list, with where they stand. @see podshelper.VisitContainersWithPath */
import type { Container, PodSpec } from '../generated/core-v1.ts';

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

interface PlacedContainer {
  container: Container;
  /** `spec.containers[0]` */
  path: string;
  list: (typeof LISTS)[number];
}

/** @param field  of the Pod's spec */
export function* containersOf(spec: PodSpec, field: string): Generator<PlacedContainer, void> {
  for (const list of LISTS) {
    let index = 0;
    for (const container of spec[list] ?? []) yield { container, path: `${field}.${list}[${index++}]`, list };
  }
}
