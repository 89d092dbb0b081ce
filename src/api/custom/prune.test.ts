import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts';
import { pruneObject } from './prune.ts';

const SCHEMA: JSONSchemaProps = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: {
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
        },
      },
    },
  },
};

test('pruneObject takes out of an embedded resource what is neither in its schema nor in any metadata', () => {
  const template = {
    apiVersion: 'v1',
    kind: 'Sub',
    metadata: { name: 'n', labels: { l: 'v' }, more: 1 },
    spec: { a: '', b: 1 },
    status: {},
  };
  const object = { metadata: { name: 'root' }, spec: { free: 1, template }, status: {} };
  assert.deepEqual(pruneObject(object, SCHEMA), [
    'spec.template.metadata.more',
    'spec.template.spec.b',
    'spec.template.status',
    'status',
  ]);
  const { metadata, spec } = template;
  assert.deepEqual({ metadata, spec }, { metadata: { name: 'n', labels: { l: 'v' } }, spec: { a: '' } });
  assert.deepEqual(object, { metadata: { name: 'root' }, spec: { free: 1, template } } as unknown);
});
