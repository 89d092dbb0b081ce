import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts';
import { CLUSTER_ROLES } from '../../api/resources.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { newClusterRoleAggregation } from './controller.ts';
import { reconcileAggregation } from './reconcile.ts';

const rule = (verb: string): PolicyRule => ({ verbs: [verb], apiGroups: [''], resources: ['pods'] });

function role(name: string, rules: PolicyRule[], labels = {}, selected: string[] = []): ClusterRole {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z', labels },
    rules,
    ...(selected.length === 0
      ? {}
      : { aggregationRule: { clusterRoleSelectors: selected.map((to) => ({ matchLabels: { to } })) } }),
  };
}

test('reconcileAggregation gathers by selector, then by name, each rule once', () => {
  const all = [
    role('c', [rule('watch')], { to: 'y' }),
    role('b', [rule('list'), rule('get')], { to: 'x' }),
    role('a', [rule('get')], { to: 'x' }),
    role('other', [rule('delete')]),
  ];
  const sum = role('sum', [rule('create')], { to: 'x' }, ['x', 'y']);
  deepEqual(reconcileAggregation(sum, [...all, sum]), [rule('get'), rule('list'), rule('watch')]);
  const done = role('sum', [rule('get'), rule('list'), rule('watch')], {}, ['x', 'y']);
  equal(reconcileAggregation(done, [...all, done]), undefined);
  equal(reconcileAggregation(all[0], all), undefined);
  equal(reconcileAggregation(undefined, all), undefined);
});

test('newClusterRoleAggregation follows what is selected', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [newClusterRoleAggregation] });
  const rulesOfSum = () =>
    bench.api.objects(CLUSTER_ROLES).find(({ metadata }) => metadata.name === 'sum')?.rules;
  bench.api.put(CLUSTER_ROLES, role('sum', [], {}, ['x']));
  bench.api.put(CLUSTER_ROLES, role('a', [rule('get')], { to: 'x' }));
  await bench.clock.advance(1_000);
  deepEqual(rulesOfSum(), [rule('get')]);
  bench.api.put(CLUSTER_ROLES, role('b', [rule('list')], { to: 'x' }));
  await bench.clock.advance(1_000);
  deepEqual(rulesOfSum(), [rule('get'), rule('list')]);
  const writes = bench.api.writes.length;
  await bench.clock.advance(3_600_000);
  equal(bench.api.writes.length, writes);
  await bench.end();
});
