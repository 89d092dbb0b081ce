/**
 * From a request's body to a JSON value that the request owns.
 *
 * Bytes are decoded strictly as UTF-8 and by their content type; a value from the same process is copied, since its sender
 * may have frozen or shared it.
 */
import type { ApiRequest } from '../api/message.ts';
import { ENTRIES_MAX, findExcess } from '../api/nesting.ts';
import { decodeProtobuf } from '../api/protobuf/decode.ts';
import { PROTOBUF_TYPE } from '../api/protobuf/media-type.ts';
import { roundedInJson } from '../api/rounded-integers.ts';
import { strictError } from '../api/validation/structural.ts';
import { parseLenientYaml, roundedInYaml } from '../api/yaml.ts';
import { assert } from '../base/assert.ts';
import { StatusError } from '../base/status-error.ts';
import { copyJson } from './api-object.ts';
import type { DecodableKind } from './decode.ts';
import { newBadRequest } from './errors.ts';

export interface ParsedBody {
  value: unknown;
  /** The JSON text it came as, for the search for duplicate fields. */
  text?: string;
  /** Of YAML: keys that come twice, in the words of Go's parser. */
  duplicates?: readonly string[];
  /** For `Warning` headers: integers that are not what was sent. */
  rounded: readonly string[];
}

/** Upstream's limit. @see apiserver/pkg/server/config.go MaxRequestBodyBytes */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;

/** A body within this cannot hold too many entries: the smallest, in protobuf, take two bytes. */
const EXTENT_BYTES = ENTRIES_MAX;

const JSON_TYPES = new Set(['', 'application/json', '*/*']);
const YAML_TYPES = new Set(['application/yaml', 'text/yaml', 'application/x-yaml']);

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * @param kind  what the body is of, where it does not say so itself
 * @returns `undefined` for a request without a body
 */
export function parseBody(request: ApiRequest, kind: DecodableKind): ParsedBody | undefined {
  const body = parseBodyAs(request, mediaTypeOf(request.headers['content-type']), kind);
  if (request.body.kind === 'bytes' && request.body.bytes.length > EXTENT_BYTES) checkExtent(body?.value);
  checkExact(body, request);
  return body;
}

/** As {@link parseBody}, for a content type that only names a patch format. */
export function parsePatchBody(request: ApiRequest, isYaml: boolean): ParsedBody | undefined {
  const body = parseBodyAs(request, isYaml ? 'application/yaml' : 'application/json');
  checkExtent(body?.value);
  checkExact(body, request);
  return body;
}

/**
 * What a patch says or makes is walked without a bound of its own.
 *
 * @throws StatusError BadRequest, RequestEntityTooLarge
 */
export function checkExtent(value: unknown): void {
  const excess = findExcess(value);
  if (excess === 'levels') throw newBadRequest('json: exceeded max depth');
  if (excess === 'entries') {
    const message = `Request entity too large: more than ${ENTRIES_MAX} fields and list items in one object`;
    throw new StatusError('RequestEntityTooLarge', message);
  }
}

export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** @param kind  absent where there is no protobuf form */
function parseBodyAs({ body }: ApiRequest, mediaType: string, kind?: DecodableKind): ParsedBody | undefined {
  if (body.kind === 'none') return undefined;
  assert(body.kind !== 'stream', 'only what is proxied is not read before');
  if (body.kind === 'object') return { value: copyJson(body.value), rounded: [] };
  if (body.bytes.length === 0) return undefined;
  if (body.bytes.length > BODY_MAX_BYTES) {
    throw new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_MAX_BYTES}`);
  }
  if (JSON_TYPES.has(mediaType)) return parseJson(decodeUtf8(body.bytes));
  if (YAML_TYPES.has(mediaType)) return parseYamlBody(decodeUtf8(body.bytes));
  const hasProtobuf = kind !== undefined && kind.custom === undefined;
  if (hasProtobuf && mediaType === PROTOBUF_TYPE) {
    const rounded: string[] = [];
    return { value: decodeProtobuf(body.bytes, { assumed: kind, rounded }), rounded };
  }
  const types = ['application/json', 'application/yaml', ...(hasProtobuf ? [PROTOBUF_TYPE] : [])];
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  );
}

function parseJson(text: string): ParsedBody {
  try {
    return { value: JSON.parse(text) as unknown, text, rounded: roundedInJson(text) };
  } catch (error) {
    // Nesting past what the parser can stack is a RangeError.
    throw newBadRequest(`the request body is not valid JSON: ${(error as Error).message}`);
  }
}

function parseYamlBody(text: string): ParsedBody {
  return { ...parseLenientYaml(text), rounded: roundedInYaml(text) };
}

/** @throws StatusError BadRequest where the client wants to be told of everything */
function checkExact(body: ParsedBody | undefined, { query }: ApiRequest): void {
  if (body === undefined || body.rounded.length === 0) return;
  if (query.get('fieldValidation') === 'Strict') throw newBadRequest(strictError(body.rounded));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw newBadRequest('the request body is not valid UTF-8');
  }
}
