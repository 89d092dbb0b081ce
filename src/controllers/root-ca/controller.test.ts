import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap, Namespace } from '../../api/generated/core-v1.ts';
import { CONFIG_MAPS, NAMESPACES } from '../../api/resources.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { newRootCaController } from './controller.ts';
import { ROOT_CA_NAME, reconcileRootCa } from './reconcile.ts';

function metadata(name: string, namespace?: string) {
  const own = { name, uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' };
  return namespace === undefined ? own : { ...own, namespace };
}

function newNamespace(name: string, phase = 'Active'): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: metadata(name), spec: {}, status: { phase } };
}

test('reconcileRootCa does nothing in a namespace that is being deleted', () => {
  deepEqual(reconcileRootCa(newNamespace('a', 'Terminating'), undefined, 'PEM'), { kind: 'none' });
  deepEqual(reconcileRootCa(undefined, undefined, 'PEM'), { kind: 'none' });
});

test('reconcileRootCa keeps the annotations of others', () => {
  const current: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata(ROOT_CA_NAME, 'a'), annotations: { team: 'x' } },
    data: { 'ca.crt': 'PEM' },
  };
  const plan = reconcileRootCa(newNamespace('a'), current, 'PEM');
  equal(plan.kind, 'update');
  const annotations = plan.kind === 'update' ? plan.configMap.metadata.annotations : undefined;
  deepEqual(Object.keys(annotations ?? {}), ['team', 'kubernetes.io/description']);
});

test('newRootCaController publishes the authority and undoes what is done to it', async () => {
  const create = (context: Parameters<typeof newRootCaController>[0]) => newRootCaController(context, 'PEM');
  const bench = newControllerBench({ seed: 1, controllers: [create] });
  bench.api.put(NAMESPACES, newNamespace('a'));
  const mine = metadata('mine', 'a');
  bench.api.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: mine, data: { key: 'value' } });
  await bench.clock.advance(100);
  const copy = () => bench.api.objects(CONFIG_MAPS).find((map) => map.metadata.name === ROOT_CA_NAME);
  deepEqual(copy()?.data, { 'ca.crt': 'PEM' });

  bench.api.put(CONFIG_MAPS, { ...copy()!, data: { 'ca.crt': 'other', more: 'x' } });
  await bench.clock.advance(100);
  deepEqual(copy()?.data, { 'ca.crt': 'PEM' });

  bench.api.finish(copy()!, CONFIG_MAPS);
  await bench.clock.advance(100);
  deepEqual(copy()?.data, { 'ca.crt': 'PEM' });

  const writes = bench.api.writes.length;
  await bench.clock.advance(3_600_000);
  equal(bench.api.writes.length, writes);
  const others = bench.api.objects(CONFIG_MAPS).filter((map) => map.metadata.name !== ROOT_CA_NAME);
  deepEqual(
    others.map(({ data }) => data),
    [{ key: 'value' }],
  );
  await bench.end();
});
