/** What one mutation makes of an object. @see k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch */
import { type ApplyType, applyTypeOf, typeFor } from '../../../api/apply/apply-type.ts';
import { mergeValues } from '../../../api/apply/merge-values.ts';
import type { CelValue } from '../../../api/cel/value.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { toJson } from '../../../api/policies/mutation-types.ts';
import type { ResourceRow } from '../../../api/resources.ts';
import { schemaForKind } from '../../../api/schema.ts';
import { assert } from '../../../base/assert.ts';
import { StatusError } from '../../../base/status-error.ts';
import { type ApiObject, copyJson } from '../../api-object.ts';
import { decodeOwn } from '../../decode.ts';
import { withServerMetadata } from '../server-metadata.ts';

/** Why a mutation cannot be applied. */
export class MutationError extends Error {}

/**
 * The new object; `undefined` when the mutation says that it does not apply, by a `test` that fails.
 *
 * @throws MutationError, CelError
 */
export function applyMutation(
  object: ApiObject,
  row: ResourceRow,
  { patchType, value }: { patchType: string; value: CelValue },
): ApiObject | undefined {
  const before = copyJson(object) as unknown as JsonObject;
  const change = toJson(value);
  const after = patchType === 'JSONPatch' ? patched(before, change) : merged(before, change, row);
  if (after === undefined) return undefined;
  const decoded = decode(after, row);
  const metadata = withServerMetadata(decoded.metadata, object.metadata, { identity: true });
  return { ...decoded, metadata };
}

function decode(value: JsonValue, row: ResourceRow): ApiObject {
  try {
    return decodeOwn(value, row);
  } catch (error) {
    if (error instanceof StatusError) throw new MutationError(error.message);
    throw error;
  }
}

function patched(object: JsonObject, operations: JsonValue): JsonValue | undefined {
  try {
    return applyJsonPatch(object, operations);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (FAILED_TEST.test(error.message)) return undefined;
    throw new MutationError(`JSONPath: ${error.message}`);
  }
}

const FAILED_TEST = /testing value .* failed$/;

function merged(object: JsonObject, change: JsonValue, row: ResourceRow): JsonValue {
  const type = row.custom?.applyType ?? builtInType(row);
  const atomics = atomicPaths(type, change, '');
  if (atomics.length > 0) {
    throw new MutationError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`,
    );
  }
  return mergeValues(type, object, change);
}

function builtInType(row: ResourceRow): ApplyType {
  const schema = schemaForKind(row);
  assert(schema !== undefined, `no schema for ${row.kind}`);
  return applyTypeOf(schema);
}

/** Where a part would replace a whole. */
function atomicPaths(type: ApplyType, value: JsonValue, path: string): string[] {
  const known = typeFor(type, value);
  if (known.kind === 'list' && Array.isArray(value)) {
    const inner = value.flatMap((item, index) => atomicPaths(known.item, item, `${path}[${index}]`));
    return known.listType === 'atomic' ? [path, ...inner] : inner;
  }
  if (known.kind !== 'map' || !isJsonObject(value)) return [];
  const inner = Object.entries(value).flatMap(([name, item]) => {
    const field = known.named(name);
    return field === undefined ? [] : atomicPaths(field, item, `${path}.${name}`);
  });
  return known.atomic ? [path, ...inner] : inner;
}
