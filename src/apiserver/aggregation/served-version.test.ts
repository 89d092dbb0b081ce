import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allResources, GROUP_ORDER } from '../../api/resources.ts';
import { sortVersions, toServedVersions } from './served-version.ts';

test('toServedVersions has the groups of the table in the order in which upstream lists them', () => {
  const served = toServedVersions([...allResources()].reverse());
  const groups = [...new Set(served.map(({ group }) => group))].filter((group) => group !== '');
  assert.deepEqual(groups, GROUP_ORDER.slice(1));
  const autoscaling = served.filter(({ group }) => group === 'autoscaling');
  assert.deepEqual(
    autoscaling.map(({ version }) => version),
    ['v2', 'v1'],
  );
});

test('sortVersions ranks groups by the best of their versions, and equal versions as Kubernetes does', () => {
  const of = (group: string, version: string, first: number, second: number) => ({
    group,
    version,
    first,
    second,
  });
  const versions = [
    of('b', 'v1beta1', 10, 5),
    of('b', 'v1', 10, 5),
    of('b', 'v2alpha1', 20, 5),
    of('b', 'v0', 10, 6),
    of('c', 'v1', 30, 1),
    of('a', 'v1', 20, 1),
  ];
  const sorted = sortVersions(versions, ({ first, second }) => ({ group: first, version: second }));
  assert.deepEqual(
    sorted.map(({ group, version }) => `${group}/${version}`),
    ['c/v1', 'a/v1', 'b/v0', 'b/v1', 'b/v1beta1', 'b/v2alpha1'],
  );
});
