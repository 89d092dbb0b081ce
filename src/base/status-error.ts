/**
 * The one operating error that crosses component borders: Kubernetes' `Status` with `status: Failure`.
 *
 * Callers branch on `reason`, never on the message.
 * Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go, StatusReason; pkg/api/errors/errors.go for messages.
 */
export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'TooManyRequests'
  | 'Timeout'
  | 'ServerTimeout'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'StoreReadError'
  | 'Unknown';

const CODES: Record<StatusReason, number> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  TooManyRequests: 429,
  Timeout: 504,
  ServerTimeout: 500,
  InternalError: 500,
  ServiceUnavailable: 503,
  StoreReadError: 500,
  Unknown: 500,
};

/** One entry of `status.details.causes`. `reason` is a cause type such as `FieldValueInvalid` or `DisruptionBudget`. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The wire form: `kind: Status`. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: StatusReason;
  details?: StatusDetails;
  code?: number;
}

export interface StatusErrorOptions {
  details?: StatusDetails;
  cause?: unknown;
  /** Overrides the code that `reason` implies; for a proxied error whose code and reason disagree. */
  code?: number;
}

export class StatusError extends Error {
  override name = 'StatusError';
  readonly reason: StatusReason;
  readonly code: number;
  readonly details: StatusDetails | undefined;

  constructor(reason: StatusReason, message: string, options: StatusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.code = options.code ?? CODES[reason];
    this.details = options.details;
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  /** Rebuilds the error from its wire form. */
  static fromStatus(status: Status): StatusError {
    return new StatusError(status.reason ?? 'Unknown', status.message ?? 'unknown error', {
      ...(status.details === undefined ? {} : { details: status.details }),
      ...(status.code === undefined ? {} : { code: status.code }),
    });
  }
}

/** True when `error` is a {@link StatusError} with one of `reasons`. */
export function hasReason(error: unknown, ...reasons: StatusReason[]): error is StatusError {
  return error instanceof StatusError && reasons.includes(error.reason);
}

/** True when `error` is a {@link StatusError} one of whose causes is `cause`: `NamespaceTerminating`, `DisruptionBudget`. */
export function hasCause(error: unknown, cause: string): boolean {
  if (!(error instanceof StatusError)) return false;
  return error.details?.causes?.some(({ reason }) => reason === cause) ?? false;
}
