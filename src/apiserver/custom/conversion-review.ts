/**
 * The question to a conversion webhook and what its answer must be: as many objects, of the version asked for, the same ones.
 *
 * @see k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go
 */
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { claimedGvkText } from '../../api/meta.ts';
import { validateAnnotations, validateLabels } from '../../api/validation/object-meta.ts';
import { type ApiObject, copyJson, isFields } from '../api-object.ts';

const GROUP = 'apiextensions.k8s.io';
const VERSIONS = ['v1', 'v1beta1'];

export class InvalidConversionError extends Error {}

/** The first of `versions` that the server speaks: validation has seen to it that there is one. */
export function conversionVersionOf(versions: readonly string[]): string {
  return versions.find((version) => VERSIONS.includes(version)) ?? VERSIONS[0]!;
}

export interface ConversionQuestion {
  version: string;
  uid: string;
  desiredApiVersion: string;
}

/** @param objects  each in JSON */
export function conversionReviewText(question: ConversionQuestion, objects: readonly string[]): string {
  const { version, uid, desiredApiVersion } = question;
  const head = `{"kind":"ConversionReview","apiVersion":"${GROUP}/${version}"`;
  const request = `"uid":${JSON.stringify(uid)},"desiredAPIVersion":${JSON.stringify(desiredApiVersion)}`;
  return `${head},"request":{${request},"objects":[${objects.join(',')}]}}`;
}

/** The objects that were made, not looked at yet. @throws InvalidConversionError */
export function readConversion(
  answer: JsonValue,
  { version, uid }: Pick<ConversionQuestion, 'version' | 'uid'>,
): JsonValue[] {
  const fields: JsonObject = isJsonObject(answer) ? answer : {};
  if (version === 'v1') checkKind(fields);
  const { response } = fields;
  if (!isJsonObject(response)) throw new InvalidConversionError('failed: no response provided');
  if (version === 'v1' && response['uid'] !== uid) {
    const got = typeof response['uid'] === 'string' ? response['uid'].slice(0, SHOWN_MAX) : '';
    throw new InvalidConversionError(
      `failed: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(got)}`,
    );
  }
  const result = isJsonObject(response['result']) ? response['result'] : {};
  const { status, message } = result;
  if (status !== 'Success') {
    const shown = typeof status === 'string' ? status.slice(0, SHOWN_MAX) : '';
    const why =
      typeof message === 'string' && message !== ''
        ? message.slice(0, SHOWN_MAX)
        : `response.result.status was '${shown}', not 'Success'`;
    throw new InvalidConversionError(`failed: ${why}`);
  }
  return Array.isArray(response['convertedObjects']) ? response['convertedObjects'] : [];
}

const SHOWN_MAX = 4096;

function checkKind({ apiVersion, kind }: JsonObject): void {
  if (apiVersion === `${GROUP}/v1` && kind === 'ConversionReview') return;
  const got = claimedGvkText({ apiVersion, kind });
  throw new InvalidConversionError(
    `failed: expected webhook response of ${GROUP}/v1, Kind=ConversionReview, got ${got}`,
  );
}

/**
 * What was made of `original`: with the metadata of the original but for labels and annotations.
 * @throws InvalidConversionError
 */
export function acceptConverted(original: ApiObject, converted: JsonValue, apiVersion: string): ApiObject {
  const made = isFields(converted) ? (converted as unknown as ApiObject) : ({} as ApiObject);
  if (made.apiVersion !== apiVersion) {
    refuseObject(`invalid groupVersion (expected ${apiVersion}, received ${shown(made.apiVersion)})`);
  }
  if (made.kind !== original.kind) {
    refuseObject(`invalid kind (expected ${original.kind}, received ${shown(made.kind)})`);
  }
  if (!isFields(made.metadata)) refuse('returned invalid metadata: missing metadata in converted object');
  for (const [field, name] of IDENTITY) {
    const [before, after] = [original.metadata[field] ?? '', made.metadata[field] ?? ''];
    if (before !== after) {
      refuse(`returned invalid object: must have the same ${name}: ${before} != ${shown(after)}`);
    }
  }
  const metadata: ApiObject['metadata'] = { ...copyJson(original.metadata) };
  for (const field of ['labels', 'annotations'] as const) {
    const texts = textsOf(field, made.metadata[field], original.metadata[field]);
    if (texts === undefined) delete metadata[field];
    else metadata[field] = texts;
  }
  return { ...made, metadata };
}

const IDENTITY = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const;

function textsOf(
  field: 'labels' | 'annotations',
  value: unknown,
  original: Record<string, string> | undefined,
): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isFields(value)) refuse(`returned invalid metadata: invalid metadata.${field} in converted object`);
  const wrong = Object.entries(value).find(([, text]) => typeof text !== 'string');
  if (wrong !== undefined) {
    const why = `metadata.${field}[${wrong[0].slice(0, SHOWN_MAX)}] must be a string in converted object`;
    refuse(`returned invalid metadata: ${why}`);
  }
  const texts = value as Record<string, string>;
  if (equalJson(texts, original)) return texts;
  const problems =
    field === 'labels'
      ? validateLabels(texts, 'metadata.labels')
      : validateAnnotations(texts, 'metadata.annotations');
  const [problem] = problems;
  if (problem !== undefined) refuse(`returned invalid metadata: ${problem.field}: ${problem.message}`);
  return texts;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, SHOWN_MAX) : '';
}

function refuseObject(why: string): never {
  refuse(`returned invalid object at index 0: ${why}`);
}

function refuse(why: string): never {
  throw new InvalidConversionError(why);
}
