/** Of classes that an annotation marks as the default: the youngest, and of equally young ones the first by name. */
import type { ApiObject } from '../api-object.ts';

export function youngestDefault(
  classes: readonly ApiObject[],
  marks: readonly string[],
): ApiObject | undefined {
  const born = ({ metadata }: ApiObject) => metadata.creationTimestamp ?? '';
  const name = ({ metadata }: ApiObject) => metadata.name ?? '';
  return classes
    .filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === 'true'))
    .sort((a, b) => compare(born(b), born(a)) || compare(name(a), name(b)))[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
