/** Objects as the server has them when it judges them, and what it says, as `field: message`. */
import { applyDefaults } from '../defaults/apply-defaults.ts';
import { gvkOf, type KubeObject } from '../meta.ts';
import { schemaForKind } from '../schema.ts';
import type { FieldError } from './field-error.ts';
import { validateCreate, validateSubresource, validateUpdate } from './validate.ts';

const META = { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

/** @param rest  `metadata` there adds to the usual one */
export function objectOf(
  apiVersion: string,
  kind: string,
  { metadata, ...rest }: { metadata?: object; [field: string]: unknown } = {},
): KubeObject {
  const sent = { apiVersion, kind, metadata: { ...META, ...metadata }, ...rest };
  const object = structuredClone(sent) as unknown as KubeObject;
  applyDefaults(object, schemaForKind(gvkOf(object))!);
  return object;
}

export function texts(errors: readonly Pick<FieldError, 'field' | 'message'>[]): string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

export function problemsOf(object: KubeObject, asked?: string): string[] {
  return texts(validateCreate(object, asked));
}

export function problemsOfUpdate(object: KubeObject, old: KubeObject, asked?: string): string[] {
  return texts(validateUpdate(object, old, asked));
}

export function problemsOfSubresource(subresource: string, object: KubeObject, old = object): string[] {
  return texts(validateSubresource(subresource, object, old));
}
