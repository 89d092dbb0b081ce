import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from './json.ts';
import { openApiV2, openApiV3, openApiV3Index } from './openapi.ts';

const FACTS = new URL('../../../shared/kubernetes-1.36/openapi-facts.json', import.meta.url);
const skip = existsSync(FACTS) ? false : 'the published facts of a v1.36 server are not beside this clone';

interface PublishedOperation {
  action?: string;
  gvk?: JsonObject;
}
interface Published {
  definitions: Record<string, JsonObject>;
  paths: Record<string, Record<string, PublishedOperation>>;
}
const published = (): Published => JSON.parse(readFileSync(FACTS, 'utf8'));

/** Key order and the order of `required` mean nothing; the texts are our own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inner: JsonValue) => {
    if (key === 'description' && typeof inner === 'string') return undefined;
    if (key === 'required' && Array.isArray(inner))
      return (inner as string[]).toSorted((a, b) => (a < b ? -1 : 1));
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Definitions that differ from what upstream publishes, and why. */
const DIFFERENT: Record<string, string> = {
  'io.k8s.api.core.v1.AppArmorProfile': 'x-kubernetes-unions is left out: no client acts on it',
  'io.k8s.api.core.v1.PodSchedulingGroup': 'x-kubernetes-unions',
  'io.k8s.api.core.v1.SeccompProfile': 'x-kubernetes-unions',
  'io.k8s.api.flowcontrol.v1.LimitResponse': 'x-kubernetes-unions',
  'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec': 'x-kubernetes-unions',
  'io.k8s.api.flowcontrol.v1.Subject': 'x-kubernetes-unions',
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions':
    'names the group versions that are served, not the older ones',
  'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent':
    'names the group versions that are served, not the older ones',
};
/** Answers of discovery and version, whose paths are no resources. */
const NOT_RESOURCES =
  /\.(APIGroup|APIGroupList|APIResource|APIResourceList|APIVersions|GroupVersionForDiscovery|ServerAddressByClientCIDR)$|pkg\.version\.Info$/;

test('openApiV2 defines every type as a v1.36 server does', { skip }, () => {
  const own = openApiV2()['definitions'] as Record<string, JsonObject>;
  const theirs = Object.entries(published().definitions).filter(
    ([name]) => !name.startsWith('com.example.') && !NOT_RESOURCES.test(name),
  );
  const different = theirs.filter(([name, definition]) => canonical(own[name]) !== canonical(definition));
  assert.deepEqual(
    different.map(([name]) => name),
    Object.keys(DIFFERENT),
  );
  const known = new Set(theirs.map(([name]) => name));
  assert.deepEqual(
    Object.keys(own).filter((name) => !known.has(name)),
    [],
  );
});

/** `path method action kind`, without the deprecated watch paths, methods no verb stands for, and what is no resource. */
function operationsOf(paths: Record<string, Record<string, PublishedOperation>>): string[] {
  const lines: string[] = [];
  for (const [path, methods] of Object.entries(paths)) {
    if (path.includes('/watch/') || path.endsWith('/') || path.includes('example.com')) continue;
    for (const [method, { action, gvk }] of Object.entries(methods)) {
      if (method !== 'options' && method !== 'head')
        lines.push(`${path} ${method} ${action} ${canonical(gvk)}`);
    }
  }
  return lines.sort();
}

test('openApiV2 has the paths and actions of a v1.36 server', { skip }, () => {
  const own: Record<string, Record<string, PublishedOperation>> = {};
  for (const [path, item] of Object.entries(openApiV2()['paths'] as Record<string, JsonObject>)) {
    own[path] = {};
    for (const [method, operation] of Object.entries(item)) {
      if (method === 'parameters') continue;
      const found = operation as JsonObject;
      own[path][method] = {
        action: found['x-kubernetes-action'] as string,
        gvk: found['x-kubernetes-group-version-kind'] as JsonObject,
      };
    }
  }
  assert.deepEqual(operationsOf(own), operationsOf(published().paths));
});

test('openApiV3Index leads to a document for every group version', () => {
  const { paths } = openApiV3Index();
  assert.match(paths['api/v1']?.serverRelativeURL ?? '', /^\/openapi\/v3\/api\/v1\?hash=[0-9a-f]{8}$/);
  for (const path of Object.keys(paths)) {
    const [, group = '', version = ''] = /^(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path) ?? [];
    assert.ok(openApiV3(group, version), path);
  }
  assert.equal(openApiV3('apps', 'v9'), undefined);
});

test('openApiV3 has no reference that leads nowhere, and no operation named twice', () => {
  for (const path of Object.keys(openApiV3Index().paths)) {
    const parts = path.split('/');
    const document = openApiV3(parts.length === 2 ? '' : (parts[1] ?? ''), parts.at(-1) ?? '') as JsonObject;
    const { schemas } = document['components'] as { schemas: JsonObject };
    const ids = new Set<string>();
    JSON.stringify(document, (key, value: JsonValue) => {
      if (key === '$ref' && typeof value === 'string') {
        assert.ok(value.replace('#/components/schemas/', '') in schemas, `${path}: ${value}`);
      }
      if (key === 'operationId' && typeof value === 'string') {
        assert.ok(!ids.has(value), `${path}: ${value}`);
        ids.add(value);
      }
      return value;
    });
  }
});

test('openApiV3 tells kubectl how Pods are patched and that fields are validated', () => {
  const document = openApiV3('', 'v1') as JsonObject;
  const paths = document['paths'] as Record<string, Record<string, JsonObject>>;
  const patch = paths['/api/v1/namespaces/{namespace}/pods/{name}']?.['patch'] as JsonObject;
  const names = (patch['parameters'] as JsonObject[]).map((parameter) => parameter['name']);
  assert.ok(names.includes('fieldValidation') && names.includes('dryRun') && names.includes('force'));
  const { content } = patch['requestBody'] as { content: JsonObject };
  assert.ok('application/strategic-merge-patch+json' in content);
  assert.equal(patch['operationId'], 'patchCoreV1NamespacedPod');
  const { schemas } = document['components'] as { schemas: Record<string, JsonObject> };
  const spec = schemas['io.k8s.api.core.v1.PodSpec']?.['properties'] as Record<string, JsonObject>;
  const { description, ...containers } = spec['containers']!;
  assert.match(description as string, /^The containers of the Pod/);
  assert.deepEqual(containers, {
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
});
