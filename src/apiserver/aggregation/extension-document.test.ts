import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  const group = (version: object) => ({ items: [{ metadata: { name: 'x.io' }, versions: [version] }] });
  assert.deepEqual(
    readAggregated(group({ version: 'v1', resources: [things, { scope: 7 }, 'x'] }) as never, OF),
    [things],
  );
  assert.equal(readAggregated(group({ version: 'v2', resources: [things] }) as never, OF), undefined);
  assert.equal(
    readAggregated(group({ version: 'v1', resources: [things], freshness: 'Stale' }) as never, OF),
    undefined,
  );
  assert.equal(readAggregated({ items: 'x' }, OF), undefined);
  assert.equal(readAggregated({ items: [{ metadata: 7, versions: 7 }] }, OF), undefined);
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
