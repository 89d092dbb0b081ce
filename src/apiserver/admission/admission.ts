/**
 * Admission: what the cluster requires of a write beyond the object's own rules, in two phases.
 *
 *     decode ─► default ─► mutating steps (change the object in place, or refuse) ─► mutating webhooks ─► strategy, validation
 *            ─► validating steps (see it as it is about to be stored, and only refuse) ─► validating webhooks ─► store
 *
 * Steps are synchronous and read only through {@link AdmissionView}, so that an update can be admitted inside the store's
 * transaction. What webhooks concern is admitted before it: see `registry/deliberate.ts`.
 */
import type { JsonObject } from '../../api/json.ts';
import type { UserInfo } from '../../api/message.ts';
import type { ResourceRow } from '../../api/resources.ts';
import type { Random } from '../../base/random.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiObject } from '../api-object.ts';

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  row: ResourceRow;
  /** `''` for the object itself. */
  subresource: string;
  namespace: string;
  name: string;
  user: UserInfo;
  dryRun: boolean;
  /** What steps want to be told beside their verdict. */
  notes: AdmissionNotes;
  /** Of a create or update: the new object. Mutating steps change it in place. */
  object?: ApiObject;
  /** Of an update or delete; before the transaction of a delete it is absent. */
  old?: ApiObject;
  /** The request of a client behind it; absent for what the server itself writes, which no webhook is asked about. */
  asked?: AskedRequest;
  /** The mutating steps run once more, because webhooks have changed the object after them. */
  isReinvocation?: boolean;
}

/** A client's request, as webhooks are told of it. */
export interface AskedRequest {
  /** As which the client sees the resource: of another version than the stored one, perhaps. */
  row: ResourceRow;
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions, by the operation; none for a connection. */
  options: (operation: AdmissionRequest['operation']) => JsonObject | undefined;
  /** What it is about was not named: a deletion of a collection. */
  isOfCollection?: boolean;
  /** By `Clock.monotonicMs`: then the client is told that it took too long. */
  deadlineMs: number;
  signal: AbortSignal;
}

/** One that webhooks may be asked about. */
export type AskedAdmissionRequest = AdmissionRequest & { asked: AskedRequest };

/** Collected over one request; the same text counts once. */
export interface AdmissionNotes {
  /** For `Warning` headers. */
  readonly warnings: Set<string>;
  /** For the audit log: `policy.example.com/key` → value. */
  readonly auditAnnotations: Map<string, string>;
  /** How long webhooks were waited for: mutating ones, one after the other, and the slowest of those that validate. */
  readonly webhookMs: { admit: number; validating: number };
}

export function newAdmissionNotes(): AdmissionNotes {
  return { warnings: new Set(), auditAnnotations: new Map(), webhookMs: { admit: 0, validating: 0 } };
}

/** Other objects, as far as they are durable. */
export interface AdmissionView {
  get(row: ResourceRow, namespace: string, name: string): ApiObject | undefined;
  list(row: ResourceRow, namespace: string): ApiObject[];
  readonly random: Random;
}

export interface AdmissionStep {
  /** As upstream's plugin: `NamespaceLifecycle`. */
  readonly name: string;
  admit(request: AdmissionRequest, view: AdmissionView): void;
}

/** The steps of a server, in order; those of a phase that ask others come last in it. */
export interface AdmissionChain {
  readonly mutating: readonly AdmissionStep[];
  readonly validating: readonly AdmissionStep[];
  readonly webhooks: AdmissionWebhooks;
}

/** What is decided elsewhere, and takes its time: never inside a transaction. */
export interface AdmissionWebhooks {
  /** Whether any of them may want to be asked; cheap, by the resource and operation alone. */
  concern(request: AdmissionRequest, view: AdmissionView): boolean;
  /** Runs after the mutating steps, and those again when it has changed the object. */
  mutate(request: AdmissionRequest, view: AdmissionView, again: () => void): Promise<void>;
  validate(request: AdmissionRequest, view: AdmissionView): Promise<void>;
}

/** Refused because something that controllers are about to create is not there yet: worth another try within a second. */
export class NotYetAdmissibleError extends StatusError {}

export function admit(steps: readonly AdmissionStep[], request: AdmissionRequest, view: AdmissionView): void {
  for (const step of steps) step.admit(request, view);
}

/** Whether this is the creation of an object of `row` itself. */
export function isCreationOf(row: ResourceRow, request: AdmissionRequest): boolean {
  return request.operation === 'CREATE' && request.row === row && request.subresource === '';
}
