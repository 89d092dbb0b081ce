/** Rules in CEL through the API: a definition that is refused, objects that are. */
import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const LIMITS = '/apis/example.com/v1/namespaces/default/limits';
const MERGE = { 'content-type': 'application/merge-patch+json' };

function definition(...rules: Record<string, unknown>[]) {
  const properties = {
    min: { type: 'integer' },
    max: { type: 'integer' },
    free: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  };
  const spec = { type: 'object', required: ['min'], properties, 'x-kubernetes-validations': rules };
  const openAPIV3Schema = { type: 'object', properties: { spec } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'limits.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'limits', kind: 'Limit' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

const ORDERED = { rule: '!has(self.max) || self.min <= self.max', message: 'min is above max' };
const GROWING = { rule: 'self.min >= oldSelf.min', reason: 'FieldValueForbidden', fieldPath: '.min' };

async function newServer(...rules: Record<string, unknown>[]) {
  const { call, server } = await newSimulatedApiServer();
  const stop = new AbortController();
  const stopped = server.definitions.run(stop.signal).catch(() => undefined);
  equal((await call('POST', CRDS, definition(...rules))).status, 201);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  const stopAll = async () => {
    stop.abort();
    await stopped;
  };
  return { call, [Symbol.asyncDispose]: stopAll };
}

function limit(spec: Record<string, unknown>) {
  return { apiVersion: 'example.com/v1', kind: 'Limit', metadata: { name: 'a' }, spec };
}

test('custom objects are judged by the rules of their definition', async () => {
  await using server = await newServer(ORDERED, GROWING);
  const { call } = server;
  const refused = await call('POST', LIMITS, limit({ min: 2, max: 1 }));
  equal(refused.status, 422);
  equal(
    refused.value.message,
    'Limit.example.com "a" is invalid: spec: Invalid value: "object": min is above max',
  );
  equal((await call('POST', LIMITS, limit({ min: 2, max: 5 }))).status, 201);
  const shrunk = await call('PATCH', `${LIMITS}/a`, { spec: { min: 1 } }, MERGE);
  equal(shrunk.status, 422);
  match(shrunk.value.message, /spec\.min: Forbidden: failed rule: self\.min >= oldSelf\.min/);
  equal((await call('PATCH', `${LIMITS}/a`, { spec: { min: 3 } }, MERGE)).status, 200);
});

test('rules are not asked about objects whose shape is wrong', async () => {
  await using server = await newServer(ORDERED);
  const { value } = await server.call('POST', LIMITS, limit({ max: 1 }));
  match(value.message, /spec\.min: Required value/);
  match(value.message, /some validation rules were not checked because the object was invalid/);
});

test('a rule that comes later warns of what is there, and refuses what is new', async () => {
  await using server = await newServer(ORDERED);
  const { call } = server;
  await call('POST', LIMITS, limit({ min: 7 }));
  const later = definition(ORDERED, { rule: 'self.min < 5' }).spec;
  equal((await call('PATCH', `${CRDS}/limits.example.com`, { spec: later }, MERGE)).status, 200);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  const labelled = await call('PATCH', `${LIMITS}/a`, { metadata: { labels: { x: 'y' } } }, MERGE);
  equal(labelled.status, 200);
  equal(labelled.headers['warning'], '299 - "spec: Invalid value: \\"object\\": failed rule: self.min < 5"');
  equal((await call('PATCH', `${LIMITS}/a`, { spec: { min: 8 } }, MERGE)).status, 422);
});

test('a definition whose rules do not compile is refused', async () => {
  const { call } = await newSimulatedApiServer();
  const { status, value } = await call('POST', CRDS, definition({ rule: 'self.mix > 1' }));
  equal(status, 422);
  match(
    value.message,
    /spec\.versions\[0\]\.schema\.openAPIV3Schema\.properties\[spec\]\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*undefined field 'mix'/s,
  );
});
