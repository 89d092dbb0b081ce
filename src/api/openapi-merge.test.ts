import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePart, selectPaths } from './openapi-merge.ts';

const KINDS = 'x-kubernetes-group-version-kind';
const refTo = (name: string) => ({ $ref: `#/definitions/${name}` });
const answering = (name: string) => ({ get: { responses: { '200': { schema: refTo(name) } } } });

const EXTENSION = {
  swagger: '2.0',
  paths: {
    '/apis/x.io/v1/things': { ...answering('Thing'), parameters: [{ $ref: '#/parameters/pretty' }] },
    '/apis/x.io/v1beta1/things': answering('OldThing'),
    '/version': answering('Version'),
    '/apis/x.io/v1/broken': 7,
  },
  definitions: {
    Thing: { properties: { meta: refTo('Meta'), self: refTo('Thing'), gone: refTo('Nothing') } },
    Meta: { properties: { time: refTo('Time') } },
    Time: { type: 'string' },
    OldThing: {},
    Version: {},
  },
  parameters: { pretty: { name: 'pretty', in: 'query' }, unused: { name: 'unused', in: 'query' } },
};

test('selectPaths takes what is below a prefix, with all that it refers to', () => {
  const part = selectPaths(EXTENSION, '/apis/x.io/v1/');
  assert.deepEqual(Object.keys(part.paths), ['/apis/x.io/v1/things']);
  assert.deepEqual(Object.keys(part.definitions).sort(), ['Meta', 'Thing', 'Time']);
  assert.deepEqual(Object.keys(part.parameters), ['pretty']);
});

test('selectPaths takes nothing from what is no document', () => {
  const nothing = { paths: {}, definitions: {}, parameters: {} };
  for (const document of [
    {},
    { paths: [] },
    { paths: 'a', definitions: 7 },
    { paths: { '/apis/x.io/v1/a': null } },
  ])
    assert.deepEqual(selectPaths(document, '/apis/x.io/v1/'), nothing);
  const hostile = JSON.parse(
    '{"paths":{"/apis/x.io/v1/a":{"__proto__":{"$ref":"#/definitions/__proto__"}}}}',
  );
  assert.deepEqual(Object.keys(selectPaths(hostile, '/apis/x.io/v1/').paths), ['/apis/x.io/v1/a']);
});

test('mergePart renames what means something else here, and whoever refers to it', () => {
  const own = {
    swagger: '2.0',
    paths: { '/api/v1/pods': answering('Pod') },
    definitions: { Pod: {}, Meta: { properties: {} }, Meta_v2: {}, Time: { type: 'string' } },
  };
  const before = structuredClone(own);
  const merged = mergePart(own, selectPaths(EXTENSION, '/apis/x.io/v1/'));
  assert.deepEqual(own, before);
  assert.deepEqual(merged, {
    swagger: '2.0',
    paths: {
      '/api/v1/pods': answering('Pod'),
      '/apis/x.io/v1/things': { ...answering('Thing'), parameters: [{ $ref: '#/parameters/pretty' }] },
    },
    definitions: {
      ...own.definitions,
      Thing: { properties: { meta: refTo('Meta_v3'), self: refTo('Thing'), gone: refTo('Nothing') } },
      Meta_v3: { properties: { time: refTo('Time') } },
    },
    parameters: { pretty: { name: 'pretty', in: 'query' } },
  });
});

test('mergePart keeps one definition for what differs only in its kinds', () => {
  const options = (group: string) => ({
    type: 'object',
    [KINDS]: [{ group, kind: 'DeleteOptions', version: 'v1' }],
  });
  const own = { paths: {}, definitions: { Options: options('apps') } };
  const part = {
    paths: { '/apis/x.io/v1/a': {} },
    definitions: { Options: options('x.io') },
    parameters: {},
  };
  const { definitions } = mergePart(own, part) as { definitions: Record<string, Record<string, unknown>> };
  assert.deepEqual(Object.keys(definitions), ['Options']);
  const kinds = definitions['Options']![KINDS] as { group: string }[];
  assert.deepEqual(
    kinds.map(({ group }) => group),
    ['apps', 'x.io'],
  );
});

test('mergePart keeps paths that are there', () => {
  const own = { paths: { '/apis/x.io/v1/a': answering('Own') }, definitions: { Own: {} } };
  const part = { paths: { '/apis/x.io/v1/a': answering('Theirs') }, definitions: {}, parameters: {} };
  assert.deepEqual(mergePart(own, part), own);
});
