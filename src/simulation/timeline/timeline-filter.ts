/** Which entries of a story are wanted. */
import { ENTRY_KINDS, type EntryKind, type TimelineEntry } from './timeline-entry.ts';

/** An entry must fit every field that is given, by one of its values. `*` in an object's or node's name is anything. */
export interface TimelineFilter {
  /** `pod/web-*`, `deployment/web`. */
  objects?: readonly string[];
  nodes?: readonly string[];
  kinds?: readonly EntryKind[];
}

export function selects({ objects, nodes, kinds }: TimelineFilter, entry: TimelineEntry): boolean {
  if (entry.kind === 'gap') return true;
  return (
    fits(objects, entry.object) &&
    fits(nodes, entry.node) &&
    (kinds === undefined || kinds.includes(entry.kind))
  );
}

function fits(patterns: readonly string[] | undefined, name: string | undefined): boolean {
  if (patterns === undefined) return true;
  return name !== undefined && patterns.some((pattern) => matches(pattern, name));
}

/** Glob with `*` only. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

const FIELDS = ['object', 'node', 'kind'] as const;

/**
 * As a command line says it: `object=pod/web-*,node=node-1,kind=event,kind=fault`.
 * @throws Error that says what is wrong
 */
export function parseTimelineFilter(text: string): TimelineFilter {
  const values: Record<(typeof FIELDS)[number], string[]> = { object: [], node: [], kind: [] };
  for (const term of text.split(',').filter((part) => part !== '')) {
    const [, field, value] = /^(object|node|kind)=(.+)$/.exec(term) ?? [];
    if (field === undefined || value === undefined) {
      throw new Error(`"${term}" is no filter: write object=NAME, node=NAME or kind=KIND`);
    }
    values[field as (typeof FIELDS)[number]].push(value);
  }
  const unknown = values.kind.find((kind) => !ENTRY_KINDS.includes(kind as EntryKind));
  if (unknown !== undefined)
    throw new Error(`there is no kind "${unknown}"; there are: ${ENTRY_KINDS.join(', ')}`);
  return {
    ...(values.object.length === 0 ? {} : { objects: values.object }),
    ...(values.node.length === 0 ? {} : { nodes: values.node }),
    ...(values.kind.length === 0 ? {} : { kinds: values.kind as EntryKind[] }),
  };
}
