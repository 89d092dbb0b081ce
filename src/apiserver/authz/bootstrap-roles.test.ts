import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { bootstrapRbacObjects } from './bootstrap-roles.ts';
import type { RbacObject } from './rbac-index.ts';

/** What a real server of the same version holds; a folder beside the repository, not part of it. */
const UPSTREAM = new URL('../../../../shared/kubernetes-1.36/bootstrap-objects.yaml', import.meta.url);

/** The same whatever the order of rules and of what they list. */
function normalize(object: RbacObject): unknown {
  const { rules, subjects } = object as { rules?: object[]; subjects?: object[] };
  return JSON.parse(
    JSON.stringify({ ...object, rules: (rules ?? []).map(sortLists).sort(byText), subjects: subjects ?? [] }),
  );
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function sortLists(rule: object): string {
  const entries = Object.entries(rule).map(([key, list]): [string, string[]] => [
    key,
    [...list].sort(byText),
  ]);
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => byText(a, b))));
}

test('bootstrapRbacObjects are those of a v1.36 cluster', { skip: !existsSync(UPSTREAM) }, () => {
  const upstream = load(readFileSync(UPSTREAM, 'utf8')) as { items: RbacObject[] };
  const key = (object: RbacObject) => `${object.kind} ${object.metadata.name}`;
  const ours = new Map(bootstrapRbacObjects().map((object) => [key(object), object]));
  const theirs = upstream.items.filter(({ apiVersion }) => apiVersion.startsWith('rbac.'));
  assert.equal(theirs.length, 121);
  for (const object of theirs) {
    assert.deepEqual(normalize(ours.get(key(object))!), normalize(object), key(object));
    ours.delete(key(object));
  }
  const rest = [...ours.values()].filter(({ kind }) => kind.startsWith('Cluster'));
  // Upstream's runs as the administrator.
  const own = 'system:controller:tokens-controller';
  const message = 'nothing else that upstream has not';
  assert.deepEqual(rest.map(key), [`ClusterRole ${own}`, `ClusterRoleBinding ${own}`], message);
});

test('bootstrapRbacObjects gathers view and edit into admin, each rule once', () => {
  const admin = bootstrapRbacObjects().find(({ metadata }) => metadata.name === 'admin');
  const rules = (admin as { rules: object[] }).rules.map(sortLists);
  assert.equal(new Set(rules).size, rules.length);
  assert.ok(
    rules.some((rule) => rule.includes('pods/log')) && rules.some((rule) => rule.includes('rolebindings')),
  );
});

test('bootstrapRbacObjects names only roles that exist', () => {
  const objects = bootstrapRbacObjects();
  const key = (kind: string, namespace: string | undefined, name: string) =>
    `${kind}/${namespace ?? ''}/${name}`;
  const roles = new Set(objects.map(({ kind, metadata }) => key(kind, metadata.namespace, metadata.name!)));
  for (const object of objects) {
    if (!('roleRef' in object)) continue;
    const { kind, name } = object.roleRef;
    assert.ok(roles.has(key(kind, kind === 'Role' ? object.metadata.namespace : undefined, name)), name);
  }
});
