/**
 * Admission: what the cluster requires of a write beyond the object's own rules. Steps run in order on the decoded and
 * defaulted object; a step changes it in place or refuses it.
 *
 * Steps are synchronous and read only through {@link AdmissionView}, so that an update can be admitted inside the store's
 * transaction.
 */
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
  /** Of a create or update: the new object, to be changed in place. */
  object?: ApiObject;
  old?: ApiObject;
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

/** Refused because something that controllers are about to create is not there yet: worth another try within a second. */
export class NotYetAdmissibleError extends StatusError {}

export function admit(steps: readonly AdmissionStep[], request: AdmissionRequest, view: AdmissionView): void {
  for (const step of steps) step.admit(request, view);
}

/** Whether this is the creation of an object of `row` itself. */
export function isCreationOf(row: ResourceRow, request: AdmissionRequest): boolean {
  return request.operation === 'CREATE' && request.row === row && request.subresource === '';
}
