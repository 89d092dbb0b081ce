import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { discoverExtensionKinds } from './extension-kinds.ts';

const never = new AbortController().signal;

function apiService(group: string, service: object | undefined): APIService {
  return {
    metadata: { name: `v1.${group}` },
    spec: { group, version: 'v1', service },
  } as unknown as APIService;
}

/** Answers by path; what is not there cannot be reached. */
function newClient(services: APIService[], answers: Record<string, string>) {
  const asked: string[] = [];
  const client = {
    list: async () => ({ metadata: {}, items: services }),
    async *read(path: string) {
      asked.push(path);
      const text = answers[path];
      if (text === undefined) throw new StatusError('ServiceUnavailable', 'service unavailable');
      yield new TextEncoder().encode(text);
    },
  } as unknown as Pick<ApiClient, 'list' | 'read'>;
  return { client, asked };
}

const SERVICE = { namespace: 'default', name: 'api' };

test('discoverExtensionKinds asks nobody where there are no extensions', async () => {
  const { client, asked } = newClient([apiService('apps', undefined), apiService('', SERVICE)], {});
  assert.deepEqual(await discoverExtensionKinds(client, never), { rows: [], unknown: [] });
  assert.deepEqual(asked, []);
});

test('discoverExtensionKinds has a row for each resource of each extension', async () => {
  const resources = [
    { name: 'things', kind: 'Thing', namespaced: true, verbs: ['list', 'delete'] },
    { name: 'things/status', kind: 'Thing', namespaced: true, verbs: ['get'] },
    { name: 'worlds', kind: 'World', namespaced: false, verbs: ['list'] },
    { name: '../evil', kind: 'Evil', namespaced: true, verbs: ['list'] },
    null,
  ];
  const text = JSON.stringify({ kind: 'APIResourceList', resources });
  const { client } = newClient([apiService('x.io', SERVICE)], { '/apis/x.io/v1': text });
  const { rows, unknown } = await discoverExtensionKinds(client, never);
  assert.deepEqual(
    rows.map(({ group, version, resource, kind, namespaced, verbs }) => [
      `${group}/${version}/${resource}`,
      kind,
      namespaced,
      verbs,
    ]),
    [
      ['x.io/v1/things', 'Thing', true, ['list', 'delete']],
      ['x.io/v1/worlds', 'World', false, ['list']],
    ],
  );
  assert.deepEqual(unknown, []);
});

test('discoverExtensionKinds names those that cannot be asked, or answer something else', async () => {
  const services = ['b.io', 'a.io', 'c.io'].map((group) => apiService(group, SERVICE));
  const { client } = newClient(services, { '/apis/b.io/v1': '<html>', '/apis/c.io/v1': '{"kind":"Status"}' });
  assert.deepEqual(await discoverExtensionKinds(client, never), {
    rows: [],
    unknown: ['a.io/v1', 'b.io/v1', 'c.io/v1'],
  });
});
