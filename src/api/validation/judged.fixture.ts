/** Objects in a namespace as the server judges them, parts that many have, and what it says of them. */
import type { KubeObject } from '../meta.ts';
import * as plain from './problems.fixture.ts';

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
  return plain.objectOf(apiVersion, kind, { ...rest, metadata: { ...CREATED, ...meta } });
}

export function problems(object: KubeObject): string[] {
  return plain.problemsOf(object);
}

export function updateProblems(object: KubeObject, old: KubeObject): string[] {
  return plain.problemsOfUpdate(object, old);
}

/** Of a status that follows `before`, on the same object. */
export function statusProblems(object: KubeObject, status: object, before: object = {}): string[] {
  const withStatus = (value: object) => ({ ...object, status: value }) as unknown as KubeObject;
  return plain.problemsOfSubresource('status', withStatus(status), withStatus(before));
}
