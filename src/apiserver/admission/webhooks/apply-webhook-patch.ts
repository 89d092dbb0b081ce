/** What a webhook's patch makes of the object. @see k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go callAttrMutatingHook */
import { equalJson, type JsonValue } from '../../../api/json.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { invalid, toInvalidError } from '../../../api/validation/field-error.ts';
import { StatusError } from '../../../base/status-error.ts';
import { type ApiObject, copyJson, replaceFields } from '../../api-object.ts';
import { decodeOwn } from '../../decode.ts';
import { newBadRequest } from '../../errors.ts';
import { storageRow } from '../../stored-version.ts';
import type { AdmissionRequest } from '../admission.ts';
import { withServerMetadata } from '../server-metadata.ts';
import type { ReviewAnswer, ReviewSubject } from './admission-review.ts';
import type { ConvertObject } from './call-webhook.ts';
import { FailedWebhookError, newInternalError } from './webhook-errors.ts';

/** Of a new object: what upstream fills in only after webhooks have seen it. */
const HIDDEN_METADATA = ['uid', 'resourceVersion', 'generation', 'creationTimestamp'] as const;

/** The object as a mutating webhook sees it. */
export function shownObject({
  operation,
  subresource,
  object,
  name,
}: AdmissionRequest): ApiObject | undefined {
  if (object === undefined || operation !== 'CREATE' || subresource !== '') return object;
  const metadata = { ...object.metadata };
  for (const field of HIDDEN_METADATA) delete metadata[field];
  if (name === '') delete metadata.name;
  return { ...object, metadata };
}

/**
 * Changes the request's object in place; `subject.object` is what the webhook saw.
 *
 * @returns whether anything is different now
 * @throws StatusError when the patch cannot be applied, or what it makes is no object of its kind; FailedWebhookError
 */
export async function applyWebhookPatch(
  name: string,
  subject: ReviewSubject,
  { patch, patchType }: Pick<ReviewAnswer, 'patch' | 'patchType'>,
  convert: ConvertObject,
): Promise<boolean> {
  const operations = patch === undefined ? [] : parsePatch(patch);
  if (Array.isArray(operations) && operations.length === 0) return false;
  const { object: shown, request, row, asked } = subject;
  if (shown === undefined || request.object === undefined) {
    const why = 'attempted to modify the object, which is not supported for this operation';
    throw newInternalError(`admission webhook ${JSON.stringify(name)} ${why}`);
  }
  if (patchType !== 'JSONPatch') {
    throw new FailedWebhookError(name, `unsupported patch type ${JSON.stringify(patchType)}`);
  }
  const { subresource } = request;
  const ownKind = row.subresources.find((known) => known.name === subresource)?.kind;
  const changed = inOwnWords(() =>
    decodeOwn(applyJsonPatch(copyJson(shown) as unknown as JsonValue, operations), ownKind ?? row),
  );
  if (equalJson(changed, shown)) return false;
  checkIdentity(request, shown, changed);
  const stored = ownKind === undefined ? await convert(storageRow(asked.row), changed) : changed;
  keepServerFields(request.object, stored);
  replaceFields(request.object, stored);
  return true;
}

function parsePatch(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw newInternalError((error as Error).message);
  }
}

function inOwnWords(change: () => ApiObject): ApiObject {
  try {
    return change();
  } catch (error) {
    if (error instanceof StatusError) throw newInternalError(error.message);
    throw error;
  }
}

/** A new object may be given a name. */
function checkIdentity(
  { operation, row, name }: AdmissionRequest,
  shown: ApiObject,
  changed: ApiObject,
): void {
  if ((shown.metadata.namespace ?? '') !== (changed.metadata.namespace ?? '')) {
    throw newBadRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (operation === 'CREATE' || shown.metadata.name === changed.metadata.name) return;
  const error = invalid('metadata.name', changed.metadata.name ?? '', 'field is immutable');
  throw toInvalidError(row, name, [error]);
}

function keepServerFields({ metadata: known }: ApiObject, changed: ApiObject): void {
  const metadata = withServerMetadata(changed.metadata, known, { identity: false });
  if (!metadata['name'] && known.name !== undefined) metadata['name'] = known.name;
  changed.metadata = metadata;
}
