/**
 * The question to a webhook and what its answer must be.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go
 */

import { isJsonObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { claimedGvkText, type GroupVersionKind } from '../../../api/meta.ts';
import { NAMESPACES, type ResourceRow } from '../../../api/resources.ts';
import { fromBase64 } from '../../../base/base64.ts';
import type { ApiObject } from '../../api-object.ts';
import type { AdmissionRequest, AskedRequest } from '../admission.ts';

const GROUP = 'admission.k8s.io';
const VERSIONS = ['v1', 'v1beta1'];

export interface ReviewSubject {
  request: AdmissionRequest;
  asked: AskedRequest;
  /** As which the webhook sees the resource. */
  row: ResourceRow;
  /** In that version; absent where there is none. */
  object: ApiObject | undefined;
  old: ApiObject | undefined;
}

export interface ReviewAnswer {
  allowed: boolean;
  status: JsonObject | undefined;
  /** JSON, decoded. */
  patch: string | undefined;
  patchType: string;
  warnings: string[];
  auditAnnotations: [key: string, value: string][];
}

/** Why an answer is none. */
export class InvalidReviewError extends Error {}

/** The first of `versions` that the server speaks: validation has seen to it that there is one. */
export function reviewVersionOf(versions: readonly string[]): string {
  return versions.find((version) => VERSIONS.includes(version)) ?? VERSIONS[0]!;
}

export function newReview(subject: ReviewSubject, version: string, uid: string): JsonObject {
  const { request, asked, row, object, old } = subject;
  const { subresource, operation, user, dryRun } = request;
  const name = asked.isOfCollection ? '' : request.name;
  // As upstream has it, a Namespace is in itself.
  const namespace = request.row === NAMESPACES ? name : request.namespace;
  const about = {
    uid,
    kind: kindOf(row, subresource),
    resource: { group: row.group, version: row.version, resource: row.resource },
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: kindOf(asked.row, subresource),
    requestResource: {
      group: asked.row.group,
      version: asked.row.version,
      resource: asked.row.resource,
    },
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: user,
    object: object ?? null,
    oldObject: old ?? null,
    dryRun,
    options: asked.options(operation) ?? null,
  };
  return {
    kind: 'AdmissionReview',
    apiVersion: `${GROUP}/${version}`,
    request: about as unknown as JsonObject,
  };
}

/** What objects of this request are: a subresource may have a kind of its own. */
function kindOf({ group, version, kind, subresources }: ResourceRow, subresource: string): GroupVersionKind {
  return subresources.find(({ name }) => name === subresource)?.kind ?? { group, version, kind };
}

/** @throws InvalidReviewError */
export function readReview(
  answer: JsonValue,
  { version, uid, isMutating }: { version: string; uid: string; isMutating: boolean },
): ReviewAnswer {
  const fields: JsonObject = isJsonObject(answer) ? answer : {};
  const response = fields['response'];
  if (!isJsonObject(response)) throw new InvalidReviewError('webhook response was absent');
  if (version === 'v1') {
    if (response['uid'] !== uid) {
      throw new InvalidReviewError(`expected response.uid=${quoted(uid)}, got ${quoted(response['uid'])}`);
    }
    checkKind(fields);
  }
  const { patch, patchType } = patchOf(response, version, isMutating);
  return {
    allowed: isAllowed(response),
    status: isJsonObject(response['status']) ? response['status'] : undefined,
    patch,
    patchType,
    warnings: warningsOf(response['warnings']),
    auditAnnotations: annotationsOf(response['auditAnnotations']),
  };
}

function checkKind({ apiVersion, kind }: JsonObject): void {
  if (apiVersion === `${GROUP}/v1` && kind === 'AdmissionReview') return;
  const got = claimedGvkText({ apiVersion, kind });
  throw new InvalidReviewError(`expected webhook response of ${GROUP}/v1, Kind=AdmissionReview, got ${got}`);
}

function patchOf(
  response: JsonObject,
  version: string,
  isMutating: boolean,
): { patch: string | undefined; patchType: string } {
  const encoded = stringOf(response, 'patch') || undefined;
  const patchType = stringOf(response, 'patchType');
  if (!isMutating) {
    const field = encoded === undefined ? (patchType === undefined ? undefined : 'patchType') : 'patch';
    if (field === undefined || version !== 'v1') return { patch: undefined, patchType: '' };
    throw new InvalidReviewError(`validating webhook may not return response.${field}`);
  }
  const patch = encoded === undefined ? undefined : decodePatch(encoded);
  // Reviews before v1 need not name what there was one of only.
  if (version !== 'v1') return { patch, patchType: 'JSONPatch' };
  if (patch !== undefined && patchType === undefined)
    throw new InvalidReviewError('webhook returned response.patch but not response.patchType');
  if (patch === undefined && patchType !== undefined)
    throw new InvalidReviewError('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new InvalidReviewError('webhook returned invalid response.patchType of ""');
  return { patch, patchType: patchType ?? '' };
}

function decodePatch(encoded: string): string {
  try {
    return new TextDecoder().decode(fromBase64(encoded));
  } catch {
    throw new InvalidReviewError('illegal base64 data in response.patch');
  }
}

function stringOf(response: JsonObject, field: string): string | undefined {
  const value = response[field] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw newTypeError(field, value, 'string');
}

function isAllowed({ allowed = null }: JsonObject): boolean {
  if (allowed === null || typeof allowed === 'boolean') return allowed ?? false;
  throw newTypeError('allowed', allowed, 'bool');
}

function newTypeError(field: string, value: JsonValue, wanted: string): InvalidReviewError {
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return new InvalidReviewError(
    `json: cannot unmarshal ${got} into Go struct field AdmissionReview.response.${field} of type ${wanted}`,
  );
}

/** More of them reaches nobody. */
const NOTES_MAX = 64;
const NOTE_LENGTH_MAX = 4096;

function warningsOf(value: JsonValue | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, NOTES_MAX)
    .filter((text) => typeof text === 'string')
    .map((text) => text.slice(0, NOTE_LENGTH_MAX));
}

function annotationsOf(value: JsonValue | undefined): [string, string][] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value)
    .slice(0, NOTES_MAX)
    .flatMap(([key, text]): [string, string][] =>
      typeof text === 'string' ? [[key.slice(0, NOTE_LENGTH_MAX), text.slice(0, NOTE_LENGTH_MAX)]] : [],
    );
}

function quoted(value: JsonValue | undefined): string {
  return JSON.stringify(typeof value === 'string' ? value.slice(0, NOTE_LENGTH_MAX) : '');
}
