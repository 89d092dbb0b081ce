import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocument, readAggregated, readClassic, readOpenApiUrl } from './extension-document.ts';

const OF = { group: 'x.io', version: 'v1' };
const bytes = (text: string) => new TextEncoder().encode(text);

test('parseDocument refuses what is no JSON object', () => {
  assert.deepEqual(parseDocument(bytes('{"a":1}')), { a: 1 });
  for (const text of ['', '[]', 'null', '{', '\0']) assert.equal(parseDocument(bytes(text)), undefined, text);
  assert.equal(parseDocument(undefined), undefined);
  assert.equal(parseDocument(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), undefined);
  assert.equal(parseDocument(bytes(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)), undefined);
});

test('readAggregated finds the group version, and nothing in what has another shape', () => {
  const things = { resource: 'things', scope: 'Cluster', verbs: ['get'], singularResource: 'thing' };
  const group = (version: object) =>
    ({ items: [{ metadata: { name: 'x.io' }, versions: [version] }] }) as never;
  assert.deepEqual(readAggregated(group({ version: 'v1', resources: [things, { scope: 7 }, 'x'] }), OF), [
    things,
  ]);
  assert.equal(readAggregated(group({ version: 'v2', resources: [things] }), OF), undefined);
  const stale = { version: 'v1', resources: [things], freshness: 'Stale' };
  assert.equal(readAggregated(group(stale), OF), undefined);
  assert.equal(readAggregated({ items: 'x' }, OF), undefined);
  assert.equal(readAggregated({ items: [{ metadata: 7, versions: 7 }] }, OF), undefined);
});

test('readAggregated takes over what it knows, and no field of another type', () => {
  const kind = { group: 'x.io', version: 'v1', kind: 'Thing' };
  const good = {
    resource: 'things',
    responseKind: kind,
    scope: 'Namespaced',
    singularResource: 'thing',
    verbs: ['get'],
    shortNames: ['th'],
    categories: ['all'],
    subresources: [{ subresource: 'status', responseKind: kind, verbs: ['update'] }],
  };
  const bad = {
    resource: 'others',
    responseKind: 'Other',
    scope: 7,
    singularResource: {},
    verbs: ['get', 7],
    shortNames: 'ot',
    categories: [[]],
    subresources: [{ subresource: 7 }, { subresource: 'status', verbs: 'all' }],
    surprise: true,
  };
  const items = [{ metadata: { name: 'x.io' }, versions: [{ version: 'v1', resources: [good, bad] }] }];
  assert.deepEqual(readAggregated({ items } as never, OF), [
    good,
    {
      resource: 'others',
      scope: 'Cluster',
      singularResource: '',
      verbs: ['get'],
      subresources: [{ subresource: 'status', verbs: [] }],
    },
  ]);
});

test('readClassic puts subresources where they belong', () => {
  const resources = [
    {
      name: 'things',
      singularName: 'thing',
      namespaced: true,
      kind: 'Thing',
      verbs: ['get', 7],
      shortNames: ['th'],
    },
    { name: 'things/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get'] },
    { name: 'others', kind: 'Other', categories: ['all'] },
    { name: 7, kind: 'Bad' },
  ];
  assert.deepEqual(readClassic({ kind: 'APIResourceList', resources } as never, OF), [
    {
      resource: 'things',
      responseKind: { group: 'x.io', version: 'v1', kind: 'Thing' },
      scope: 'Namespaced',
      singularResource: 'thing',
      verbs: ['get'],
      shortNames: ['th'],
      subresources: [
        {
          subresource: 'scale',
          responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
          verbs: ['get'],
        },
      ],
    },
    {
      resource: 'others',
      responseKind: { group: 'x.io', version: 'v1', kind: 'Other' },
      scope: 'Cluster',
      singularResource: '',
      verbs: [],
      categories: ['all'],
    },
  ]);
  assert.equal(readClassic({ kind: 'Status' }, OF), undefined);
});

test('readOpenApiUrl believes a place of the group version only', () => {
  const index = (serverRelativeURL: unknown) =>
    ({ paths: { 'apis/x.io/v1': { serverRelativeURL } } }) as never;
  assert.equal(
    readOpenApiUrl(index('/openapi/v3/apis/x.io/v1?hash=1'), OF),
    '/openapi/v3/apis/x.io/v1?hash=1',
  );
  for (const other of ['https://evil.example/', '/openapi/v3/api/v1?hash=1', 7, undefined])
    assert.equal(readOpenApiUrl(index(other), OF), undefined);
  assert.equal(readOpenApiUrl(undefined, OF), undefined);
});

test('what an extension answers is read or refused, whatever it is', () => {
  const keys = [
    'items',
    'metadata',
    'name',
    'versions',
    'version',
    'resources',
    'kind',
    'verbs',
    'paths',
    'scope',
  ];
  const words = [
    'x.io',
    'v1',
    'APIResourceList',
    'APIGroupDiscoveryList',
    'things',
    'things/status',
    'apis/x.io/v1',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constantFrom(...words, null, 7, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys, ...words), tie('value'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(value, (answered) => {
      const document = parseDocument(bytes(JSON.stringify(answered)));
      if (document === undefined) return;
      for (const { resource, verbs } of readAggregated(document, OF) ?? []) {
        assert.equal(typeof resource, 'string');
        assert.ok(Array.isArray(verbs));
      }
      for (const { resource } of readClassic(document, OF) ?? []) assert.ok(!resource.includes('/'));
      readOpenApiUrl(document, OF);
    }),
    { numRuns: 2000 },
  );
});
