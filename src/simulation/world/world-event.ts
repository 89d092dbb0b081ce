/** What happens in a simulated world, as values: the raw material of the timeline, of checkers and of the trace hash. */
import type { JsonValue } from '../../api/json.ts';
import type { StoredValue } from '../../store/store.ts';

export type WorldEvent = { atMs: number } & (
  | RequestDone
  | ObjectCommitted
  | ContainerChanged
  | ProcessChanged
  | FaultChanged
  | LineLogged
);

/** A request was answered by the server, whether or not the answer will arrive. Watches are told when they open. */
export interface RequestDone {
  kind: 'request';
  /** Process that sent it: `node-1/agent`, `controllers`. */
  process: string;
  /** As whom. */
  user: string;
  /** When it left its process. */
  sentMs: number;
  method: string;
  /** With its query. */
  path: string;
  status: number;
  /** The object in the answer, frozen; for a failure the Status. */
  answer: unknown;
}

/** A write is durable and published. Every one is told once, in the order of revisions, also those that a crash left unsaid. */
export interface ObjectCommitted {
  kind: 'commit';
  revision: number;
  key: string;
  type: 'put' | 'delete';
  /** Frozen; for a deletion the last state. */
  object: StoredValue;
  previous: StoredValue | undefined;
}

export interface ContainerChanged {
  kind: 'container';
  node: string;
  type: 'created' | 'started' | 'stopped' | 'deleted';
  podUid: string;
  containerId: string;
  /** Name in the Pod, and how often it was restarted before. */
  name: string;
  attempt: number;
  exitCode?: number;
  reason?: string;
}

export interface ProcessChanged {
  kind: 'process';
  process: string;
  what: 'started' | 'ready' | 'killed' | 'frozen' | 'thawed' | 'stopped' | 'broken';
  /** Of what broke: an invariant's message and stack. */
  why?: string;
}

export interface FaultChanged {
  kind: 'fault';
  fault: string;
  what: 'begins' | 'ends';
  parameters: Readonly<Record<string, JsonValue>>;
}

/** What a component says for people: its own reason for what it does next. */
export interface LineLogged {
  kind: 'log';
  process: string;
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

export type WorldObserver = (event: WorldEvent) => void;

type Unstamped<E> = E extends WorldEvent ? Omit<E, 'atMs'> : never;

/** As components tell it: the world adds when. */
export type Observation = Unstamped<WorldEvent>;
