/** The slices that one of the controllers here keeps: which they are, and that someone else's change to them is mended. */
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { Informer } from '../../client/informer.ts';
import { MANAGED_BY_LABEL, serviceKeyOf } from './reconcile.ts';

/**
 * Calls `enqueue` with a Service's key when a slice of it changes that `manager` keeps.
 *
 * @returns all that it keeps of the Service with a key
 */
export function followOwnSlices(
  slices: Informer<EndpointSlice>,
  manager: string,
  enqueue: (key: string) => void,
): (key: string) => readonly EndpointSlice[] {
  const index = `kept by ${manager}`;
  const isOwn = ({ metadata }: EndpointSlice) => metadata.labels?.[MANAGED_BY_LABEL] === manager;
  const mend = (slice: EndpointSlice) => {
    if (isOwn(slice)) enqueue(serviceKeyOf(slice));
  };
  slices.addIndex(index, (slice) => (isOwn(slice) ? [serviceKeyOf(slice)] : []));
  slices.addListener({ onAdd: mend, onUpdate: mend, onDelete: mend });
  return (key) => slices.byIndex(index, key);
}
