import { deepEqual, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Namespace } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { NAMESPACES, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { newServiceAccountController } from './controller.ts';
import { planServiceAccounts } from './reconcile.ts';

function newNamespace(name: string, phase = 'Active'): Namespace {
  const metadata = { name, uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {}, status: { phase } };
}

test('planServiceAccounts wants the default account in active namespaces only', () => {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'a' } };
  deepEqual(planServiceAccounts(newNamespace('a'), ['build']), [account]);
  deepEqual(planServiceAccounts(newNamespace('a'), ['build', 'default']), []);
  deepEqual(planServiceAccounts(newNamespace('a', 'Terminating'), []), []);
  deepEqual(planServiceAccounts(undefined, []), []);
});

test('newServiceAccountController gives each active namespace its default account, again when it is deleted', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [newServiceAccountController], lagged: true });
  bench.api.put(NAMESPACES, newNamespace('a'));
  bench.api.put(NAMESPACES, newNamespace('ending', 'Terminating'));
  await bench.clock.advance(1000);
  bench.api.put(NAMESPACES, newNamespace('b'));
  await bench.clock.advance(1000);
  deepEqual(bench.api.objects(SERVICE_ACCOUNTS).map(keyOf), ['a/default', 'b/default']);

  const [before] = bench.api.objects(SERVICE_ACCOUNTS);
  bench.api.finish(before!, SERVICE_ACCOUNTS);
  await bench.clock.advance(1000);
  const [after] = bench.api.objects(SERVICE_ACCOUNTS);
  deepEqual(keyOf(after!), 'a/default');
  notEqual(before!.metadata.uid, after!.metadata.uid);
  await bench.end();
});
