/**
 * JSON patch: a list of operations, applied in order, all or none. Never changes its inputs.
 *
 * @see RFC 6902; error texts as github.com/evanphx/json-patch, which upstream uses
 */
import { StatusError } from '../../base/status-error.ts';
import { equalJson, isJsonObject, type JsonValue } from '../json.ts';
import { setOwn } from './merge-patch.ts';

/** Upstream's limit. @see apiserver handlers/patch.go maxJSONPatchOperations */
export const JSON_PATCH_OPERATIONS_MAX = 10_000;
/**
 * What `copy` operations may add in all, in characters of JSON; a short patch can otherwise double a document again and again.
 * @see apiserver/pkg/server/config.go JSONPatchMaxCopyBytes
 */
const COPIED_SIZE_MAX = 3 * 1024 * 1024;

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: JsonValue;
}

type Container = Record<string, JsonValue> | JsonValue[];

/** @throws StatusError BadRequest for a malformed patch, Invalid for one that does not apply */
export function applyJsonPatch(target: JsonValue, patch: JsonValue): JsonValue {
  const operations = parseOperations(patch);
  let document = structuredClone(target);
  let copiedSize = 0;
  for (const operation of operations) {
    if (operation.op === 'copy') {
      copiedSize += JSON.stringify(read(document, operation.from!, 'copy')).length;
      if (copiedSize > COPIED_SIZE_MAX) throw newCopiesTooLarge(copiedSize);
    }
    document = applyOperation(document, operation);
  }
  return document;
}

function newCopiesTooLarge(size: number): StatusError {
  return new StatusError(
    'RequestEntityTooLarge',
    `Unable to complete the copy, the accumulated size increase of copy is ${size}, exceeding the limit ${COPIED_SIZE_MAX}`,
  );
}

function parseOperations(patch: JsonValue): Operation[] {
  if (!Array.isArray(patch)) {
    throw new StatusError(
      'BadRequest',
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    );
  }
  if (patch.length > JSON_PATCH_OPERATIONS_MAX) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${JSON_PATCH_OPERATIONS_MAX}, got ${patch.length}`,
    );
  }
  return patch.map(parseOperation);
}

function parseOperation(value: JsonValue): Operation {
  if (!isJsonObject(value) || typeof value.op !== 'string' || typeof value.path !== 'string') {
    throw new StatusError(
      'BadRequest',
      'error decoding patch: every operation needs "op" and "path" strings',
    );
  }
  const { op, path, from } = value;
  const needsFrom = op === 'move' || op === 'copy';
  if (needsFrom && typeof from !== 'string') {
    throw new StatusError('BadRequest', `error decoding patch: operation "${op}" needs "from"`);
  }
  return {
    op,
    path,
    ...(typeof from === 'string' ? { from } : {}),
    ...(Object.hasOwn(value, 'value') ? { value: value.value! } : {}),
  };
}

function applyOperation(document: JsonValue, operation: Operation): JsonValue {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      return insert(document, path, requireValue(operation), op);
    case 'remove':
      return remove(document, path, op);
    case 'replace':
      read(document, path, op);
      return path === '' ? requireValue(operation) : replace(document, path, requireValue(operation));
    case 'move': {
      const value = read(document, operation.from!, op);
      if (path.startsWith(`${operation.from}/`))
        throw notApplicable(op, path, 'cannot move a value into itself');
      return insert(remove(document, operation.from!, op), path, value, op);
    }
    case 'copy':
      return insert(document, path, structuredClone(read(document, operation.from!, op)), op);
    case 'test':
      if (!equalJson(readOptional(document, path) ?? null, operation.value ?? null)) {
        throw new StatusError(
          'Invalid',
          `the server rejected our request due to an error in our request: testing value ${path} failed`,
        );
      }
      return document;
    default:
      throw new StatusError('BadRequest', `Unexpected kind: ${op}`);
  }
}

function requireValue(operation: Operation): JsonValue {
  if (operation.value === undefined) throw notApplicable(operation.op, operation.path, 'missing value');
  return operation.value;
}

function insert(document: JsonValue, path: string, value: JsonValue, op: string): JsonValue {
  if (path === '') return value;
  const { parent, key } = locate(document, path, op);
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : arrayIndex(key, parent.length + 1, op, path);
    parent.splice(index, 0, value);
  } else {
    setOwn(parent, key, value);
  }
  return document;
}

function replace(document: JsonValue, path: string, value: JsonValue): JsonValue {
  const { parent, key } = locate(document, path, 'replace');
  if (Array.isArray(parent)) parent[arrayIndex(key, parent.length, 'replace', path)] = value;
  else setOwn(parent, key, value);
  return document;
}

function remove(document: JsonValue, path: string, op: string): JsonValue {
  const { parent, key } = locate(document, path, op);
  if (Array.isArray(parent)) {
    parent.splice(arrayIndex(key, parent.length, op, path), 1);
  } else {
    if (!Object.hasOwn(parent, key)) throw notApplicable(op, path, 'unable to remove nonexistent key');
    delete parent[key];
  }
  return document;
}

function read(document: JsonValue, path: string, op: string): JsonValue {
  const value = readOptional(document, path);
  if (value === undefined) throw notApplicable(op, path, 'missing value');
  return value;
}

function readOptional(document: JsonValue, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const key of parsePointer(path)) value = child(value, key);
  return value;
}

function child(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function locate(document: JsonValue, path: string, op: string): { parent: Container; key: string } {
  const keys = parsePointer(path);
  const key = keys.pop();
  let parent: JsonValue | undefined = document;
  for (const step of keys) parent = child(parent, step);
  if (key === undefined || typeof parent !== 'object' || parent === null) {
    throw notApplicable(op, path, `doc is missing path: "${path}"`);
  }
  return { parent, key };
}

function parsePointer(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/'))
    throw new StatusError('BadRequest', `error decoding patch: path "${path}" must start with a slash`);
  return path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function arrayIndex(key: string, length: number, op: string, path: string): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
  if (index < 0 || index >= length) throw notApplicable(op, path, 'invalid index referenced');
  return index;
}

function notApplicable(op: string, path: string, reason: string): StatusError {
  return new StatusError(
    'Invalid',
    `the server rejected our request due to an error in our request: ${op} operation does not apply to "${path}": ${reason}`,
  );
}
