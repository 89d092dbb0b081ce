/** A write as a person would tell it: which facts of the object are new, gone or different. */
import type { ResourceRow } from '../../api/resources.ts';
import type { StoredValue } from '../../store/store.ts';
import { type Facts, factsOf } from './facts.ts';

export interface Change {
  row: ResourceRow;
  type: 'put' | 'delete';
  previous: StoredValue | undefined;
  object: StoredValue;
}

const PATHS_MAX = 3;
const VALUE_LENGTH_MAX = 100;

/** `undefined`: nothing that is worth telling. */
export function describeChange({ row, type, previous, object }: Change): string | undefined {
  if (type === 'delete') return 'gone';
  const facts = factsOf(row, object);
  if (previous === undefined) return describeNew(facts);
  const told = differences(factsOf(row, previous), facts);
  if (told.length > 0) return told.join(', ');
  const paths = [...TOLD_SECTIONS].flatMap((section) =>
    changedPaths(previous[section], object[section], section),
  );
  const more = paths.length > PATHS_MAX ? ` and ${paths.length - PATHS_MAX} more` : '';
  return paths.length === 0 ? undefined : `${paths.slice(0, PATHS_MAX).join(', ')}${more}`;
}

/** What a controller is still to count is none of its beginnings. */
function describeNew(facts: Facts): string {
  const told = [...facts].filter(([label, value]) => value !== '0' || label === 'replicas');
  return told.map(([label, value]) => `${label} ${short(value)}`).join(', ');
}

/** Where a change without a fact is told as its path. */
const TOLD_SECTIONS = ['spec', 'data', 'roleRef', 'rules', 'subjects'] as const;

function differences(before: Facts, after: Facts): string[] {
  const labels = new Set([...after.keys(), ...before.keys()]);
  return [...labels].flatMap((label) => {
    const [from, to] = [before.get(label), after.get(label)];
    if (from === to) return [];
    if (from === undefined) return [`${label} ${short(to!)}`];
    return [`${label} ${short(from)} -> ${to === undefined ? 'none' : short(to)}`];
  });
}

/** Leaves that differ; renewals of a lease are none. */
function changedPaths(before: unknown, after: unknown, path: string): string[] {
  if (isSame(before, after) || path.endsWith('.renewTime')) return [];
  if (!isBranch(before) || !isBranch(after)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changedPaths(before[name], after[name], `${path}.${name}`));
}

function isSame(before: unknown, after: unknown): boolean {
  return before === after || JSON.stringify(before) === JSON.stringify(after);
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function short(value: string): string {
  return value.length <= VALUE_LENGTH_MAX ? value : `${value.slice(0, VALUE_LENGTH_MAX)}...`;
}
