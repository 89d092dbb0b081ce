import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIService, APIServiceCondition } from '../generated/apiregistration-v1.ts';
import { apiServicePrinter } from './api-service.ts';

function cells(service: object | undefined, condition?: Partial<APIServiceCondition>): unknown[] {
  const conditions = condition === undefined ? [] : [{ type: 'Available', ...condition }];
  const object = { metadata: { name: 'v1.x' }, spec: { service }, status: { conditions } };
  return apiServicePrinter.cells(object as unknown as APIService, 0).slice(0, 3);
}

test('apiServicePrinter says who serves it, and why it is not there', () => {
  const service = { namespace: 'a', name: 'b' };
  assert.deepEqual(cells(undefined, { status: 'True', reason: 'Local' }), ['v1.x', 'Local', 'True']);
  const missing = cells(service, { status: 'False', reason: 'MissingEndpoints' });
  assert.deepEqual(missing, ['v1.x', 'a/b', 'False (MissingEndpoints)']);
  assert.deepEqual(cells(service, { status: 'False' }), ['v1.x', 'a/b', 'False']);
  assert.deepEqual(cells(service), ['v1.x', 'a/b', 'Unknown']);
});
