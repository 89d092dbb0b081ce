/**
 * Objects of every kind as nobody would write them: fields that are not there, of another type, doubled, huge. Whatever
 * comes, and by whichever verb, the answer is a success or says what is wrong with it: never an internal error.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, type JsonObject, type JsonValue } from '../api/json.ts';
import { splitApiVersion, toApiVersion } from '../api/meta.ts';
import { randomObject } from '../api/protobuf/random-object.fixture.ts';
import { allResources } from '../api/resources.ts';
import { schemaForKind } from '../api/schema.ts';
import { forEachSeed, pick, type Stream } from '../base/seeds.fixture.ts';
import { newSimulatedApiServer, type SimulatedApiServer } from '../simulation/sim-api-server.ts';
import { spoilt } from './spoilt.fixture.ts';
import { VALID_OBJECTS } from './valid-objects.fixture.ts';

type Method = Parameters<SimulatedApiServer['call']>[0];

const SHIRTS = { group: 'example.com', version: 'v1', kind: 'Shirt', resource: 'shirts', namespaced: true };
const RESOURCES = [...allResources(), SHIRTS];
const WRITES: readonly [method: Method, suffix: string, type: string, query?: string][] = [
  ['PUT', '/a', 'application/json'],
  ['PUT', '/a/status', 'application/json'],
  ['PATCH', '/a', 'application/merge-patch+json'],
  ['PATCH', '/a', 'application/strategic-merge-patch+json'],
  ['PATCH', '/a', 'application/apply-patch+yaml', '&fieldManager=m&force=true'],
  ['PATCH', '/a/status', 'application/merge-patch+json'],
];
/** Upstream's own answer to what does not fit the schema is an internal error, in these words. */
const LIKE_UPSTREAM = /^failed to create typed patch object/;

async function newServer(): Promise<SimulatedApiServer> {
  const api = await newSimulatedApiServer();
  void api.server.definitions.run(new AbortController().signal);
  return api;
}

function urlOf({ group, version, resource, namespaced }: typeof SHIRTS): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? '/namespaces/default' : ''}/${resource}`;
}

function resourceOf(object: JsonObject): typeof SHIRTS {
  const { group, version } = splitApiVersion(object['apiVersion'] as string);
  return RESOURCES.find(
    (row) => row.group === group && row.version === version && row.kind === object['kind'],
  )!;
}

/** Of any kind: all fields at random, which hardly ever is valid. */
function randomOfAnyKind(next: Stream): JsonObject {
  const row = pick(next, allResources());
  const schema = schemaForKind(row);
  const value = schema === undefined ? {} : randomObject(schema, next);
  return { ...value, apiVersion: toApiVersion(row.group, row.version), kind: row.kind };
}

/** Still of its kind, and of the name that others find it by. */
function spoiltObject(object: JsonObject, next: Stream): JsonObject {
  const value = spoilt(object, next, pick(next, [0.005, 0.02, 0.1])) as JsonValue;
  const fields = isJsonObject(value) ? value : {};
  const meta = isJsonObject(fields['metadata']) ? fields['metadata'] : {};
  const metadata = next() < 0.1 ? (fields['metadata'] ?? null) : { ...meta, name: nameOf(object) };
  return { ...fields, apiVersion: object['apiVersion']!, kind: object['kind']!, metadata };
}

function nameOf({ metadata }: JsonObject): string {
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : 'a';
}

async function answered(api: SimulatedApiServer, request: Parameters<SimulatedApiServer['call']>) {
  const { status, value } = await api.call(...request);
  const message = String(value?.message ?? '');
  const isExpected = status < 500 || status === 504 || LIKE_UPSTREAM.test(message);
  assert.ok(isExpected, `${status} ${message} for ${JSON.stringify(request).slice(0, 3000)}`);
}

test('an API server answers whatever is sent of any kind without an internal error', async () => {
  let api = await newServer();
  await forEachSeed({
    count: 400,
    run: async (next, seed) => {
      if (seed % 100 === 0) api = await newServer();
      const base = next() < 0.3 ? randomOfAnyKind(next) : pick(next, VALID_OBJECTS);
      const url = urlOf(resourceOf(base));
      if (next() < 0.5) await answered(api, ['POST', url, base]);
      await answered(api, ['POST', url, spoiltObject(base, next)]);
      for (let i = 0; i < 3; i++) {
        const [method, suffix, type, query = ''] = pick(next, WRITES);
        const path = `${url}${suffix.replace('a', nameOf(base))}?x=1${query}`;
        await answered(api, [method, path, spoiltObject(base, next), { 'content-type': type }]);
      }
      await answered(api, ['GET', url]);
      if (next() < 0.3) await answered(api, ['DELETE', `${url}/${nameOf(base)}`]);
    },
  });
});

test('every valid object is taken, and taken again', async () => {
  const api = await newServer();
  for (const object of VALID_OBJECTS) {
    const url = urlOf(resourceOf(object));
    const created = await api.call('POST', url, object);
    assert.equal(created.status, 201, JSON.stringify(created.value));
    const { value } = await api.call('GET', `${url}/${nameOf(object)}`);
    const updated = await api.call('PUT', `${url}/${nameOf(object)}`, value);
    assert.equal(updated.status, 200, JSON.stringify(updated.value));
  }
});
