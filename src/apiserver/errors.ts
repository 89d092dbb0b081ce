/**
 * Upstream's errors with upstream's texts. Everything that the server answers with a failure is made here or in validation.
 *
 * @see k8s.io/apimachinery/pkg/api/errors/errors.go
 */
import {
  type Status,
  type StatusCause,
  type StatusDetails,
  StatusError,
  type StatusReason,
} from '../base/status-error.ts';

export interface GroupResource {
  group: string;
  resource: string;
}

/** `pods`, or `deployments.apps`. */
export function qualifiedResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

export function newNotFound(of: GroupResource, name: string): StatusError {
  return named('NotFound', of, name, `${qualifiedResource(of)} "${name}" not found`);
}

export function newAlreadyExists(of: GroupResource, name: string): StatusError {
  return named('AlreadyExists', of, name, `${qualifiedResource(of)} "${name}" already exists`);
}

export function newConflict(of: GroupResource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(of)} "${name}": ${why}`;
  return named('Conflict', of, name, message);
}

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function newForbidden(
  of: GroupResource,
  name: string,
  why: string,
  causes?: StatusCause[],
): StatusError {
  const subject = name === '' ? qualifiedResource(of) : `${qualifiedResource(of)} ${JSON.stringify(name)}`;
  const details = { ...detailsOf(of, name), ...(causes === undefined ? {} : { causes }) };
  return new StatusError('Forbidden', `${subject} is forbidden: ${why}`, { details });
}

/** A Status whose reason is not one of Kubernetes', or none: what upstream makes of an error without a Status of its own. */
export class UnlistedError extends StatusError {
  readonly #reason: string;

  constructor(reason: string, message: string, options: { code: number; details?: StatusDetails }) {
    super('Unknown', message, options);
    this.#reason = reason;
  }

  override toStatus(): Status {
    const { reason: _, ...status } = super.toStatus();
    return this.#reason === '' ? status : { ...status, reason: this.#reason as StatusReason };
  }
}

export function newBadRequest(message: string): StatusError {
  return new StatusError('BadRequest', message);
}

export function newMethodNotAllowed(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {
      details: {},
    },
  );
}

export function newUnknownPath(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
}

/** `revision` lies in the future of this server. */
export function newTooLargeRevision(revision: number, current: number): StatusError {
  const message = `Too large resource version: ${revision}, current: ${current}`;
  return new StatusError('Timeout', `Timeout: ${message}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}

function named(reason: StatusReason, of: GroupResource, name: string, message: string): StatusError {
  return new StatusError(reason, message, { details: detailsOf(of, name) });
}

function detailsOf({ group, resource }: GroupResource, name: string): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource };
}

/** @throws StatusError when an object says another namespace than the request that brings it */
export function requireNamespace(said: string | undefined, namespace: string): void {
  if (!said || said === namespace) return;
  throw newBadRequest(
    'the namespace of the provided object does not match the namespace sent on the request',
  );
}
