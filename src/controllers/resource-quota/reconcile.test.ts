import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceQuota } from '../../api/generated/core-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import { allResources, PODS } from '../../api/resources.ts';
import { type CountedKind, countedKinds, isNumberEnough, reconcileQuota } from './reconcile.ts';

const quota = (spec: ResourceQuota['spec'], status?: ResourceQuota['status']) =>
  ({ metadata: { name: 'q' }, spec, ...(status && { status }) }) as unknown as ResourceQuota;

const pod = (cpu: string, phase = 'Running') =>
  ({
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] },
    status: { phase },
  }) as unknown as KubeObject;

const kindsOf = (one: ResourceQuota) => countedKinds(one, allResources());
const resourcesOf = (kinds: readonly CountedKind[]) => kinds.map(({ row }) => row.resource);

test('countedKinds are those that a name in the spec is about', () => {
  const hard = { 'requests.cpu': '1', 'count/deployments.apps': '1', secrets: '1', 'requests.storage': '1' };
  deepEqual(resourcesOf(kindsOf(quota({ hard }))).sort(), [
    'deployments',
    'persistentvolumeclaims',
    'pods',
    'secrets',
  ]);
  deepEqual(kindsOf(quota({ hard: { 'count/widgets.example.com': '1' } })), []);
});

test('reconcileQuota adds up what has not ended, and starts each name at nothing', () => {
  const one = quota({ hard: { pods: '5', cpu: '2', 'limits.cpu': '2', 'count/pods': '9' } });
  const [pods] = kindsOf(one);
  const inventory = [pod('500m'), pod('1'), pod('1', 'Failed')];
  deepEqual(reconcileQuota(one, new Map([[pods!, inventory]]), 0), {
    hard: one.spec.hard,
    used: { pods: '2', cpu: '1500m', 'limits.cpu': '0', 'count/pods': '3' },
  });
});

test('reconcileQuota counts only what the scopes are about', () => {
  const one = quota({ hard: { pods: '5' }, scopes: ['BestEffort'] });
  const [pods] = kindsOf(one);
  deepEqual(reconcileQuota(one, new Map([[pods!, [pod('1'), pod('0')]]]), 0)?.used, { pods: '1' });
});

test('reconcileQuota has nothing to say of a status that is right, and drops names that are limited no more', () => {
  const hard = { pods: '5', 'count/widgets.example.com': '1' };
  const right = quota({ hard }, { hard, used: { pods: '1', 'count/widgets.example.com': '1' } });
  const inventories = new Map([[kindsOf(right)[0]!, [pod('1')]]]);
  equal(reconcileQuota(right, inventories, 0), undefined);
  const old = quota({ hard }, { hard, used: { pods: '1', secrets: '3' } });
  deepEqual(reconcileQuota(old, inventories, 0)?.used, { pods: '1' });
});

test('isNumberEnough spares the list of objects where only their number counts', () => {
  const about = (spec: ResourceQuota['spec']) => isNumberEnough(kindsOf(quota(spec))[0]!, quota(spec));
  equal(about({ hard: { 'count/pods': '1' } }), true);
  equal(about({ hard: { secrets: '1' } }), true);
  equal(about({ hard: { pods: '1' } }), false);
  equal(about({ hard: { 'count/pods': '1' }, scopes: ['BestEffort'] }), false);
  equal(kindsOf(quota({ hard: { pods: '1' } }))[0]?.row, PODS);
});
