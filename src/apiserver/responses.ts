/** Responses as values, in the format that was asked for. JSON ends with a line feed, as upstream's encoder writes it. */

import type { ApiResponse, ListMeta } from '../api/message.ts';
import { type GroupVersionKind, toApiVersion } from '../api/meta.ts';
import { encodeProtobuf } from '../api/protobuf/encode.ts';
import { sealed } from '../api/protobuf/envelope.ts';
import { formatYaml } from '../api/yaml.ts';
import { assert } from '../base/assert.ts';
import type { Status, StatusDetails, StatusError } from '../base/status-error.ts';
import type { StoredObject } from '../store/store.ts';
import { type ApiObject, objectOf } from './api-object.ts';
import { ChunkPacker } from './chunk-packer.ts';
import { protobufListChunks } from './protobuf/list-chunks.ts';
import type { ProtobufMessages } from './protobuf/messages.ts';
import { type Format, MEDIA_TYPES, type Representation } from './representation.ts';

const encoder = new TextEncoder();

export function headersOf(contentType: string): Record<string, string> {
  return { 'cache-control': 'no-cache, private', 'content-type': contentType };
}

/** One value that is encoded only when somebody wants its bytes. */
export function valueResponse(
  status: number,
  value: unknown,
  { format, pretty }: Pick<Representation, 'format' | 'pretty'>,
): ApiResponse {
  const encoders: Record<Format, () => Uint8Array> = {
    json: () => encoder.encode(`${JSON.stringify(value, null, pretty ? 2 : undefined)}\n`),
    yaml: () => encoder.encode(formatYaml(value)),
    protobuf: () => inEnvelope(value as ApiObject),
  };
  const headers = headersOf(MEDIA_TYPES[format]);
  return { status, headers, body: { kind: 'object', value, bytes: encoders[format] } };
}

function inEnvelope(object: ApiObject): Uint8Array {
  const bytes = encodeProtobuf(object);
  assert(bytes !== undefined, `${object.kind} has a protobuf form`);
  return bytes;
}

/** A stored object with the bytes that were encoded at its commit. */
export function storedResponse(status: number, stored: StoredObject): ApiResponse {
  const body = { kind: 'object', value: stored.value, bytes: () => stored.bytes } as const;
  return { status, headers: headersOf(MEDIA_TYPES.json), body };
}

/** A stored object in protobuf. */
export function storedMessageResponse(
  status: number,
  stored: StoredObject,
  messages: ProtobufMessages,
): ApiResponse {
  const bytes = () => {
    const made = messages.of(stored);
    return sealed(made, made.message);
  };
  const body = { kind: 'object', value: stored.value, bytes } as const;
  return { status, headers: headersOf(MEDIA_TYPES.protobuf), body };
}

export function errorResponse(error: StatusError, format: Format = 'json'): ApiResponse {
  const response = valueResponse(error.code, error.toStatus(), { format, pretty: false });
  const seconds = error.details?.retryAfterSeconds;
  if (seconds !== undefined && seconds > 0) response.headers['retry-after'] = String(seconds);
  return response;
}

export function successStatus(
  code: number,
  representation: Representation,
  details?: StatusDetails,
): ApiResponse {
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
  };
  return valueResponse(code, code === 200 ? status : { ...status, code }, representation);
}

const NOTHING = new Uint8Array();
const COMMA = Uint8Array.of(0x2c);
const LIST_END = encoder.encode(']}\n');

export interface ListContent {
  /** Of the list. */
  gvk: GroupVersionKind;
  metadata: ListMeta;
  objects: readonly StoredObject[];
}

/** @param messages  for a list in protobuf */
export function listResponse(content: ListContent, messages?: ProtobufMessages): ApiResponse {
  const { gvk, metadata, objects } = content;
  const { kind } = gvk;
  const apiVersion = toApiVersion(gvk.group, gvk.version);
  let items: readonly ApiObject[] | undefined;
  const value = {
    kind,
    apiVersion,
    metadata,
    /** Parsed on first use: a list that only goes over the network is never parsed. */
    get items(): readonly ApiObject[] {
      items ??= objects.map(objectOf);
      return items;
    },
  };
  const chunks =
    messages === undefined
      ? () => jsonListChunks(content)
      : () =>
          protobufListChunks(
            gvk,
            metadata,
            objects.map((stored) => messages.of(stored).message),
          );
  const headers = headersOf(MEDIA_TYPES[messages === undefined ? 'json' : 'protobuf']);
  return { status: 200, headers, body: { kind: 'list', value, chunks } };
}

function* jsonListChunks({ gvk, metadata, objects }: ListContent): Generator<Uint8Array> {
  const apiVersion = toApiVersion(gvk.group, gvk.version);
  const head = `{"kind":${JSON.stringify(gvk.kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`;
  const packer = new ChunkPacker();
  packer.add(NOTHING, encoder.encode(head));
  for (const [index, { bytes }] of objects.entries()) {
    const full = packer.add(index > 0 ? COMMA : NOTHING, bytes);
    if (full !== undefined) yield full;
  }
  const full = packer.add(NOTHING, LIST_END);
  if (full !== undefined) yield full;
  yield packer.rest();
}

/** What a header may not hold. */
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/** A quoted string of RFC 9110: one character for each byte of its UTF-8, as headers are sent. */
function quoted(text: string): string {
  const plain = text.replaceAll(CONTROL_CHARACTERS, ' ').replaceAll(/["\\]/g, '\\$&');
  return `"${Array.from(encoder.encode(plain), (byte) => String.fromCharCode(byte)).join('')}"`;
}

/** In characters: of all warnings together, and of each once they are more. @see apiserver/pkg/warning recorder */
const WARNINGS_MAX = 4096;
const WARNING_CUT = 256;

/** As many as fit in a head. */
function fitting(warnings: readonly string[]): readonly string[] {
  const total = warnings.reduce((sum, { length }) => sum + length, 0);
  if (total <= WARNINGS_MAX) return warnings;
  return warnings.slice(0, WARNINGS_MAX / WARNING_CUT).map((text) => text.slice(0, WARNING_CUT));
}

/** Adds to the `Warning` header per RFC 7234, one for each text. */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response;
  const texts = fitting(warnings).map((text) => `299 - ${quoted(text)}`);
  const { warning } = response.headers;
  response.headers['warning'] = [...(warning === undefined ? [] : [warning]), ...texts].join(', ');
  return response;
}
