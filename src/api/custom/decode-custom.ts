/**
 * Decodes the body of a write as a custom object: metadata along its schema, the rest pruned and given its defaults by the
 * definition's schema. What is pruned is an unknown field to the client.
 */
import { StatusError } from '../../base/status-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { GroupVersionKind } from '../meta.ts';
import { schemaByName } from '../schema.ts';
import { type Decoded, type DecodeOptions, decodeObject, strictError } from '../validation/structural.ts';
import { fieldComplaints } from '../validation/structural-duplicates.ts';
import type { CustomKind } from './custom-kind.ts';
import { applySchemaDefaults } from './default-values.ts';
import { pruneObject } from './prune.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const COMPLAINTS_MAX = 100;

/** Changes `value` in place. @throws StatusError BadRequest */
export function decodeCustom(
  value: JsonValue,
  gvk: GroupVersionKind,
  { schema }: CustomKind,
  options: DecodeOptions & { withDefaults: boolean },
): Decoded {
  if (!isJsonObject(value)) throw new StatusError('BadRequest', 'the object provided is not a JSON object');
  const { text, duplicates = [] } = options;
  const complaints = text === undefined ? [] : fieldComplaints(text, [], COMPLAINTS_MAX);
  complaints.push(...decodeMetadata(value, gvk, options));
  if (schema !== undefined) {
    complaints.push(...pruneObject(value, schema).map((path) => `unknown field ${JSON.stringify(path)}`));
    if (options.withDefaults) applySchemaDefaults(value, schema);
  }
  if (options.fieldValidation === 'Ignore') return { object: value, warnings: [] };
  if (complaints.length + duplicates.length > 0 && options.fieldValidation === 'Strict') {
    const message = strictError(complaints.slice(0, COMPLAINTS_MAX), duplicates);
    throw new StatusError(
      'BadRequest',
      `${gvk.kind} in version ${JSON.stringify(gvk.version)} cannot be handled as a ${gvk.kind}: ${message}`,
    );
  }
  return { object: value, warnings: [...duplicates, ...complaints] };
}

function decodeMetadata(
  value: JsonObject,
  gvk: GroupVersionKind,
  { fieldValidation }: DecodeOptions,
): string[] {
  const metadata = value['metadata'];
  const schema = schemaByName(META);
  if (metadata === undefined || schema === undefined) return [];
  const decoded = decodeObject(metadata, gvk, schema, {
    fieldValidation: fieldValidation === 'Ignore' ? 'Ignore' : 'Warn',
  });
  return decoded.warnings.map((text) => text.replace('"', '"metadata.'));
}
