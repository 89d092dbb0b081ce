import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Pod } from './generated/core-v1.ts';
import { toApiVersion } from './meta.ts';
import {
  allResources,
  findKind,
  findResource,
  PODS,
  type ResourceRef,
  type ResourceRow,
  resourcePath,
} from './resources.ts';

const ORACLE = new URL('../../../shared/kubernetes-1.36/', import.meta.url);
const LISTED = new URL('api-resources.txt', ORACLE);
const FACTS = new URL('openapi-facts.json', ORACLE);
const skip = existsSync(LISTED) ? false : 'the published facts of a v1.36 server are not beside this clone';

/** One line of `kubectl api-resources -o wide`; columns are cut at the header's offsets because some are empty. */
function parseListing(text: string): string[] {
  const [header = '', ...lines] = text.split('\n');
  const columns = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', 'VERBS', 'CATEGORIES'];
  const offsets = columns.map((column) => header.indexOf(column));
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('e2e-test'))
    .map((line) => offsets.map((start, i) => line.slice(start, offsets[i + 1]).trim()).join('|'));
}

function toListing(row: ResourceRow): string {
  const columns = [
    row.resource,
    row.shortNames.join(),
    toApiVersion(row.group, row.version),
    String(row.namespaced),
    row.kind,
    row.verbs.join(),
    row.categories.join(),
  ];
  return columns.join('|');
}

test('allResources holds exactly what a v1.36 server lists, and the older version of autoscaling', {
  skip,
}, () => {
  const listed = parseListing(readFileSync(LISTED, 'utf8'));
  const own = allResources().map(toListing);
  // `kubectl api-resources` shows the preferred version of each resource only.
  const unlisted = own.filter((line) => !listed.includes(line));
  assert.deepEqual(
    unlisted.map((line) => line.split('|')[2]),
    ['autoscaling/v1'],
  );
  assert.deepEqual(
    listed.filter((line) => !own.includes(line)),
    [],
  );
});

const VERB_OF: Record<string, string> = {
  get: 'get',
  put: 'update',
  post: 'create',
  patch: 'patch',
  delete: 'delete',
};

/** `apiVersion resource/subresource verbs kind` for every subresource path that a server publishes. */
function publishedSubresources(paths: Record<string, Record<string, { gvk?: { kind: string } }>>): string[] {
  const result = new Set<string>();
  for (const [path, operations] of Object.entries(paths)) {
    const match = /^\/apis?\/(.+?)\/(?:namespaces\/\{namespace\}\/)?([a-z]+)\/\{name\}\/([a-z]+)$/.exec(path);
    if (!match || match[1]?.includes('watch') || match[1]?.includes('example.com')) continue;
    const verbs = Object.keys(operations).flatMap((method) => VERB_OF[method] ?? []);
    result.add(
      `${match[1]} ${match[2]}/${match[3]} ${verbs.sort().join()} ${operations[Object.keys(operations)[0] ?? '']?.gvk?.kind}`,
    );
  }
  return [...result].sort();
}

test('allResources has the subresources that a v1.36 server publishes', { skip }, () => {
  const { paths } = JSON.parse(readFileSync(FACTS, 'utf8'));
  const own = allResources().flatMap((row) =>
    row.subresources.map(
      (sub) =>
        `${toApiVersion(row.group, row.version)} ${row.resource}/${sub.name} ${sub.verbs.join()} ${sub.kind?.kind ?? row.kind}`,
    ),
  );
  assert.deepEqual(own.sort(), publishedSubresources(paths));
});

test('findResource and findKind lead to the same row', () => {
  for (const row of allResources()) {
    assert.equal(findResource(row.group, row.version, row.resource), row);
    assert.equal(findKind(row.group, row.version, row.kind), row);
  }
  assert.equal(findResource('', 'v1', 'nothing'), undefined);
});

test('resourcePath spells core, named and subresource paths', () => {
  const ref: ResourceRef<Pod> = PODS;
  assert.equal(resourcePath(ref, 'x', 'y', 'log'), '/api/v1/namespaces/x/pods/y/log');
  assert.equal(resourcePath(ref), '/api/v1/pods');
  assert.equal(
    resourcePath(
      { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true },
      'n',
    ),
    '/apis/apps/v1/namespaces/n/deployments',
  );
  assert.equal(
    resourcePath(
      { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false },
      'ignored',
      'a',
    ),
    '/api/v1/nodes/a',
  );
});
