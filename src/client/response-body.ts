/**
 * Reads a response of either transport: in process it carries the server's own frozen values, over HTTPS bytes. Failures
 * become the StatusError that the server meant.
 */
import type { ApiResponse, ResponseBody } from '../api/message.ts';
import { type Status, StatusError, type StatusReason } from '../base/status-error.ts';
import { concatBytes } from './json-lines.ts';

/** A whole answer; larger ones are refused. A list of 150,000 Pods is about 500 MB. */
const BODY_BYTES_MAX = 1024 * 1024 * 1024;

/** The value in a whole (not streaming) body; `undefined` when there is none. */
export async function readValue(body: ResponseBody): Promise<unknown> {
  switch (body.kind) {
    case 'object':
    case 'list':
      return body.value;
    case 'none':
      return undefined;
    case 'bytes':
      return parseJson(body.bytes);
    case 'stream':
      return parseJson(await readBytes(body.chunks));
    case 'watch':
    case 'tunnel':
      throw new StatusError('InternalError', `the server answered a plain request with a ${body.kind}`);
  }
}

/** The body as bytes, as they come. */
export async function* readChunks(body: ResponseBody): AsyncGenerator<Uint8Array> {
  switch (body.kind) {
    case 'none':
      return;
    case 'object':
      yield body.bytes();
      return;
    case 'list':
      yield* body.chunks();
      return;
    case 'bytes':
      yield body.bytes;
      return;
    case 'stream':
      yield* body.chunks;
      return;
    case 'watch':
      for await (const frames of body.frames) for (const frame of frames) yield frame.bytes();
      return;
    case 'tunnel':
      throw new StatusError('InternalError', 'the server answered a plain request with a tunnel');
  }
}

/** @throws StatusError unless the response's status is a success */
export async function expectSuccess(response: ApiResponse): Promise<void> {
  if (response.status >= 200 && response.status < 300) return;
  const { body } = response;
  if (body.kind === 'object') throw toStatusError(body.value, response.status);
  const text = body.kind === 'none' ? '' : new TextDecoder().decode(await readBytes(readChunks(body)));
  const looksLikeJson = (response.headers['content-type'] ?? '').includes('json');
  throw toStatusError(looksLikeJson ? parseText(text) : text, response.status);
}

const REASON_OF_CODE: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A proxy or a server that is starting answers in plain text: the code alone then says what it was. */
export function toStatusError(value: unknown, code: number): StatusError {
  if (typeof value === 'object' && value !== null && (value as Status).kind === 'Status') {
    return StatusError.fromStatus({ code, ...(value as Status) });
  }
  const text = typeof value === 'string' ? value.trim().slice(0, 2048) : '';
  const message = text === '' ? `the server answered with status ${code}` : text;
  return new StatusError(REASON_OF_CODE[code] ?? 'Unknown', message, { code });
}

async function readBytes(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_BYTES_MAX) {
      throw new StatusError('RequestEntityTooLarge', `the response exceeds ${BODY_BYTES_MAX} bytes`);
    }
    parts.push(chunk);
  }
  return concatBytes(parts);
}

function parseJson(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : parseText(new TextDecoder().decode(bytes));
}

/** The border to the wire: what is not JSON becomes a typed error. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StatusError('InternalError', 'the server sent what is not JSON', { cause });
  }
}
