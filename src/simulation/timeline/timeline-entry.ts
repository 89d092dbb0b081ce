/**
 * One line of the story of a run. This shape is what `--timeline json` prints, one entry per line: fields are added to it,
 * never renamed or removed (docs/simulation.md describes each).
 */
export interface TimelineEntry {
  /** Virtual time since the start of the world. */
  atMs: number;
  kind: EntryKind;
  /** Who saw, decided or did it: `user`, `scheduler`, `replicaset-controller`, `node-1/agent`, `node-1`. */
  who: string;
  /** What it is, in one word: a verb (`create`, `evict`), an Event's reason, `started`, `exited`, `begins`. */
  what: string;
  /** `pod/web-1`, `deployment/shop/web`, `node/node-1`. Absent where it is about no object. */
  object?: string;
  /** The node that it is about or happened on. */
  node?: string;
  /** What changed, or why. May be empty. */
  text: string;
  /** How often, when the same was said again; absent for once. */
  times?: number;
  /** When it was said last; absent for once. */
  lastAtMs?: number;
}

/**
 * change: a write that changed something · refusal: one that the API refused · event: a Kubernetes Event · container: one
 * started or exited · process: a component started, died, froze · fault: one begins or ends · log: a component's own words ·
 * gap: lines left out here, for the memory's sake.
 */
export type EntryKind = (typeof ENTRY_KINDS)[number];

export const ENTRY_KINDS = [
  'change',
  'refusal',
  'event',
  'container',
  'process',
  'fault',
  'log',
  'gap',
] as const;
