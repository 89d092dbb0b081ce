/** Objects as the server judges them: decoded, defaulted; and what it says of them. */
import { applyDefaults } from '../defaults/apply-defaults.ts';
import { gvkOf, type KubeObject } from '../meta.ts';
import { schemaForKind } from '../schema.ts';
import type { FieldError } from './field-error.ts';
import { validateCreate, validateSubresource, validateUpdate } from './validate.ts';

export const CREATED = {
  name: 'x',
  namespace: 'default',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

const POD = { containers: [{ name: 'web', image: 'web:1' }] };
export const TEMPLATE = { metadata: { labels: { app: 'web' } }, spec: POD };
export const SELECTOR = { matchLabels: { app: 'web' } };

export function objectOf(apiVersion: string, kind: string, rest: object, meta: object = {}): KubeObject {
  const object = structuredClone({
    apiVersion,
    kind,
    metadata: { ...CREATED, ...meta },
    ...rest,
  }) as unknown as KubeObject;
  applyDefaults(object, schemaForKind(gvkOf(object))!);
  return object;
}

function texts(errors: readonly FieldError[]): string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

export function problems(object: KubeObject): string[] {
  return texts(validateCreate(object));
}

export function updateProblems(object: KubeObject, old: KubeObject): string[] {
  return texts(validateUpdate(object, old));
}

/** Of a status that follows `before`, on the same object. */
export function statusProblems(object: KubeObject, status: object, before: object = {}): string[] {
  const withStatus = (value: object) => ({ ...object, status: value }) as unknown as KubeObject;
  return texts(validateSubresource('status', withStatus(status), withStatus(before)));
}
