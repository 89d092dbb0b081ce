/** What a client is told when a webhook says no, or says nothing. @see k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go */
import { isJsonObject, type JsonObject } from '../../../api/json.ts';
import { type StatusDetails, StatusError } from '../../../base/status-error.ts';
import { UnlistedError } from '../../errors.ts';

const SERVICE_UNAVAILABLE = 503;

/** By its `failurePolicy` this is a refusal, or nothing. */
export class FailedWebhookError extends Error {
  /** By HTTP: what the webhook answered, else that it is not there. */
  readonly code: number;

  constructor(name: string, reason: string, code = SERVICE_UNAVAILABLE) {
    super(`failed calling webhook ${JSON.stringify(name)}: ${reason}`);
    this.code = code;
  }
}

const LENGTH_MAX = 4096;
const CAUSES_MAX = 100;

export function newRejection(name: string, result: JsonObject | undefined): StatusError {
  const { code, message, reason, details } = result ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, LENGTH_MAX) : '');
  const why = text(message) || text(reason);
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const isError = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code < 600;
  return new UnlistedError(text(reason), why === '' ? `${denied} without explanation` : `${denied}: ${why}`, {
    code: isError ? code : 400,
    ...(isJsonObject(details) ? { details: detailsOf(details) } : {}),
  });
}

/** What of a stranger's details has the right shape. */
function detailsOf(details: JsonObject): StatusDetails {
  const { causes, retryAfterSeconds } = details;
  return {
    ...strings(details, ['name', 'group', 'kind', 'uid']),
    ...(Array.isArray(causes)
      ? {
          causes: causes
            .slice(0, CAUSES_MAX)
            .filter(isJsonObject)
            .map((cause) => strings(cause, ['reason', 'message', 'field'])),
        }
      : {}),
    ...(Number.isInteger(retryAfterSeconds) ? { retryAfterSeconds: retryAfterSeconds as number } : {}),
  };
}

function strings(object: JsonObject, fields: readonly string[]): Record<string, string> {
  const known = fields.filter((field) => typeof object[field] === 'string');
  return Object.fromEntries(known.map((field) => [field, (object[field] as string).slice(0, LENGTH_MAX)]));
}

export function newInternalError(why: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${why}`, {
    details: { causes: [{ message: why }] },
  });
}
