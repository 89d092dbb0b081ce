/**
 * Validation of what ConfigMaps and Secrets hold: keys that can be file names, and not more than fits.
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateConfigMap, ValidateSecret
 */
import type { ConfigMap } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, tooLong } from './field-error.ts';
import { configKeyProblem, utf8Length } from './names.ts';

/** All values together. */
const DATA_MAX_BYTES = 1024 * 1024;

type Data = Readonly<Record<string, string>>;

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors = errorsOfEach(Object.keys(data), (key) => [
    ...validateKey(key, 'data'),
    ...(Object.hasOwn(binaryData, key)
      ? [invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')]
      : []),
  ]);
  errors.push(...errorsOfEach(Object.keys(binaryData), (key) => validateKey(key, 'binaryData')));
  const bytes = sum(data, utf8Length) + sum(binaryData, decodedLength);
  // What is too long is the object, which has no path.
  return bytes > DATA_MAX_BYTES ? [...errors, tooLong('[]', DATA_MAX_BYTES)] : errors;
}

export function validateConfigMapUpdate(config: ConfigMap, old: ConfigMap): FieldError[] {
  return [...validateImmutableData(config, old), ...validateConfigMap(config)];
}

/** Of values in base64. */
export function validateSecretData(data: Data): FieldError[] {
  const errors = errorsOfEach(Object.keys(data), (key) => validateKey(key, 'data'));
  return sum(data, decodedLength) > DATA_MAX_BYTES ? [...errors, tooLong('data', DATA_MAX_BYTES)] : errors;
}

function validateKey(key: string, field: string): FieldError[] {
  return named(`${field}[${key}]`, key, configKeyProblem(key));
}

function sum(data: Data, lengthOf: (value: string) => number): number {
  let total = 0;
  for (const value of Object.values(data)) total += lengthOf(value);
  return total;
}

function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

type MaybeImmutable = { immutable?: boolean; data?: object; binaryData?: object };

/** What was declared immutable stays as it is. */
export function validateImmutableData(object: MaybeImmutable, old: MaybeImmutable): FieldError[] {
  if (!old.immutable) return [];
  const detail = 'field is immutable when `immutable` is set';
  const errors = object.immutable ? [] : [forbidden('immutable', detail)];
  for (const part of ['data', 'binaryData'] as const) {
    const same = equalJson((object[part] ?? {}) as JsonValue, (old[part] ?? {}) as JsonValue);
    if (!same) errors.push(forbidden(part, detail));
  }
  return errors;
}
