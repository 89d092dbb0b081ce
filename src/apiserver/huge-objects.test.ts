/**
 * Bodies as large as they may be, in shapes that cost most: lists and maps of nothing, in any field of any kind, by every
 * verb. None holds the server for long, and none ends in an internal error.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../api/json.ts';
import { toApiVersion } from '../api/meta.ts';
import { allResources, type ResourceRow } from '../api/resources.ts';
import { type Field, type Schema, schemaForKind } from '../api/schema.ts';
import { forEachSeed, pick, type Stream } from '../base/seeds.fixture.ts';
import { newSimulatedApiServer, type SimulatedApiServer } from '../simulation/sim-api-server.ts';
import { BODY_MAX_BYTES } from './request-body.ts';

/** Of processor time, on a machine that is busy with other tests; most take a twentieth of it. */
const CPU_MAX_MS = 2_500;
const DEPTH_MAX = 7;
/** Leaves room for what is around the list. */
const FILL_BYTES = BODY_MAX_BYTES - 4096;
const LIKE_UPSTREAM = /^failed to create typed patch object/;

/** A value of `schema` with one list or map in it that fills a body, somewhere. */
function hugeValue(schema: Schema, next: Stream, depth = 0): JsonObject | undefined {
  const fields = [...schema.fields.values()].filter(({ shape, schema: inner }) => {
    return shape !== 'one' || (inner !== undefined && inner.forms === undefined);
  });
  if (fields.length === 0 || depth > DEPTH_MAX) return undefined;
  const field = pick(next, fields);
  const value = field.shape === 'one' || next() < 0.5 ? deeper(field, next, depth) : undefined;
  const filled = value ?? (field.shape === 'one' ? undefined : filledWith(field, next));
  return filled === undefined ? undefined : { [field.name]: filled };
}

function deeper(field: Field, next: Stream, depth: number): JsonValue | undefined {
  if (field.schema === undefined || field.schema.forms !== undefined) return undefined;
  const value = hugeValue(field.schema, next, depth + 1);
  if (value === undefined || field.shape === 'one') return value;
  return field.shape === 'list' ? [value] : { a: value };
}

function filledWith({ shape, scalar, schema }: Field, next: Stream): JsonValue {
  const item = scalar === undefined ? itemOf(schema, next) : pick<JsonValue>(next, ['', null, '0']);
  const size = JSON.stringify(item).length + 1;
  if (shape === 'list') return Array<JsonValue>(Math.floor(FILL_BYTES / size)).fill(item);
  const count = Math.floor(FILL_BYTES / (size + 10));
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, item]));
}

/** Nothing at all, or just enough to be told apart. */
function itemOf(schema: Schema | undefined, next: Stream): JsonValue {
  const names = ['name', 'key', 'type'].filter((name) => schema?.fields.get(name)?.scalar === 'string');
  return names.length === 0 || next() < 0.5 ? {} : { [pick(next, names)]: 'a' };
}

const POLICIES = '/apis/admissionregistration.k8s.io/v1';

function policy(spec: JsonObject): JsonObject {
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  return { spec: { matchConstraints: { resourceRules: [rule] }, ...spec } };
}

type Method = Parameters<SimulatedApiServer['call']>[0];
const WRITES: readonly [method: Method, suffix: string, type: string][] = [
  ['POST', '', 'application/json'],
  ['PATCH', '/a?fieldManager=m', 'application/apply-patch+yaml'],
  ['PATCH', '/a', 'application/strategic-merge-patch+json'],
  ['PATCH', '/a', 'application/merge-patch+json'],
];

function urlOf({ group, version, resource, namespaced }: ResourceRow): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? '/namespaces/default' : ''}/${resource}`;
}

async function send(api: SimulatedApiServer, request: Parameters<SimulatedApiServer['call']>) {
  const begin = process.cpuUsage();
  const response = await api.call(...request);
  const { status, value } = response;
  const { user, system } = process.cpuUsage(begin);
  const cpuMs = (user + system) / 1000;
  const said = `${request[0]} ${request[1]} ${String(request[2]).slice(0, 200)}: ${status} ${String(value?.message).slice(0, 200)}`;
  assert.ok(status < 500 || LIKE_UPSTREAM.test(value.message), said);
  assert.ok(cpuMs < CPU_MAX_MS, `${cpuMs} ms for ${said}`);
  return response;
}

/** Bodies that took seconds once: of policies and definitions with more expressions than anybody reads, and of nothing. */
const COSTLY: readonly [url: string, kind: string, rest: JsonObject, answer: RegExp][] = [
  [
    '/api/v1/namespaces/default/pods',
    'Pod',
    { spec: { containers: Array<JsonObject>(1_000_000).fill({}) } },
    /^Request entity too large: more than 131072 fields and list items in one object$/,
  ],
  [
    `${POLICIES}/validatingadmissionpolicies`,
    'ValidatingAdmissionPolicy',
    policy({ validations: Array<JsonObject>(40_000).fill({ expression: 'object.spec.x == 1' }) }),
    /spec\.validations\[\d+\]\.expression: Invalid value: .*: expressions are too long together$/,
  ],
  [
    `${POLICIES}/validatingadmissionpolicies`,
    'ValidatingAdmissionPolicy',
    policy({ validations: Array<JsonObject>(60_000).fill({}) }),
    /spec\.validations\[0\]\.expression: Required value/,
  ],
  [
    `${POLICIES}/validatingadmissionpolicies`,
    'ValidatingAdmissionPolicy',
    policy({
      variables: Array.from({ length: 30_000 }, (_, i) => ({ name: `a${i}`, expression: '1' })),
      validations: [{ expression: 'true' }],
    }),
    /spec\.variables\[\d+\]\.expression: Invalid value: "1": expressions are too long together/,
  ],
];

test('an API server refuses what would cost seconds, in a fraction of one', async () => {
  for (const [url, kind, rest, answer] of COSTLY) {
    const api = await newSimulatedApiServer();
    const apiVersion = url.startsWith('/api/') ? 'v1' : 'admissionregistration.k8s.io/v1';
    const { value } = await send(api, ['POST', url, { apiVersion, kind, metadata: { name: 'a' }, ...rest }]);
    assert.match(String(value.message), answer);
  }
});

test('an API server refuses a patch that makes an object of too many parts', async () => {
  const api = await newSimulatedApiServer();
  const url = '/api/v1/namespaces/default/configmaps';
  const data = (prefix: string) =>
    Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [prefix + i, '']));
  const first = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: data('a') };
  assert.equal((await send(api, ['POST', url, first])).status, 201);
  const headers = { 'content-type': 'application/merge-patch+json' };
  const { status } = await send(api, ['PATCH', `${url}/a`, JSON.stringify({ data: data('b') }), headers]);
  assert.equal(status, 413);
});

test('an API server takes or refuses any huge object in bounded time', async () => {
  await forEachSeed({
    count: 6,
    run: async (next) => {
      const row = pick(next, allResources());
      const schema = schemaForKind(row);
      const value = schema === undefined ? undefined : hugeValue(schema, next);
      if (value === undefined) return;
      const api = await newSimulatedApiServer();
      const metadata = { name: 'a', ...(value['metadata'] as JsonObject | undefined) };
      const object = { apiVersion: toApiVersion(row.group, row.version), kind: row.kind, ...value, metadata };
      const body = JSON.stringify(object);
      const [method, suffix, type] = pick(next, WRITES);
      if (method === 'PATCH')
        await send(api, ['POST', urlOf(row), { ...object, spec: {}, metadata: { name: 'a' } }]);
      await send(api, [method, `${urlOf(row)}${suffix}`, body, { 'content-type': type }]);
    },
  });
});
