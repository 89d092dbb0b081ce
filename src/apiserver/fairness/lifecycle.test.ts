/** What Kubernetes' conformance tests ask of flow schemas and priority levels. @see test/e2e/apimachinery/flowcontrol.go */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';
import { runFairness } from './run-fairness.ts';

const GROUP = '/apis/flowcontrol.apiserver.k8s.io/v1';
const MERGE = { 'content-type': 'application/merge-patch+json' };

interface Life {
  resource: string;
  spec: Record<string, unknown>;
  patch: Record<string, unknown>;
  /** What the patch, and then the update, make of the field that both change. */
  read: (spec: never) => unknown;
  update: (spec: never) => void;
  expected: [unknown, unknown];
}

const NOBODY = { kind: 'User', user: { name: 'example-e2e-non-existent-user' } };

const LIVES: readonly Life[] = [
  {
    resource: 'flowschemas',
    spec: {
      matchingPrecedence: 10_000,
      priorityLevelConfiguration: { name: 'global-default' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [NOBODY], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }],
    },
    patch: { matchingPrecedence: 9999 },
    read: ({ matchingPrecedence }: { matchingPrecedence: number }) => matchingPrecedence,
    update: (spec: { matchingPrecedence: number }) => {
      spec.matchingPrecedence = 9000;
    },
    expected: [9999, 9000],
  },
  {
    resource: 'prioritylevelconfigurations',
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    patch: { limited: { nominalConcurrencyShares: 4 } },
    read: ({ limited }: { limited: { nominalConcurrencyShares: number } }) =>
      limited.nominalConcurrencyShares,
    update: (spec: { limited: { nominalConcurrencyShares: number } }) => {
      spec.limited.nominalConcurrencyShares = 6;
    },
    expected: [4, 6],
  },
];

for (const { resource, spec, patch, read, update, expected } of LIVES) {
  test(`${resource} are created, changed and deleted as the conformance tests do it`, async (t) => {
    const { server, call, clock } = await newSimulatedApiServer();
    const stop = new AbortController();
    t.after(() => stop.abort());
    runFairness(server.fairness, server.registry, stop.signal).catch(() => {});
    const url = `${GROUP}/${resource}`;
    const labelled = `${url}?labelSelector=example%3Dyes`;
    const metadata = { generateName: 'e2e-example-', labels: { example: 'yes' } };
    const created = [];
    for (let count = 0; count < 3; count++) created.push(await call('POST', url, { metadata, spec }));
    deepEqual(
      created.map(({ status }) => status),
      [201, 201, 201],
    );
    const { name, uid } = created[2]!.value.metadata;
    await clock.settle();
    equal((await call('GET', labelled)).value.items.length, 3);

    const patched = await call(
      'PATCH',
      `${url}/${name}`,
      { metadata: { annotations: { patched: 'true' } }, spec: patch },
      MERGE,
    );
    equal(read(patched.value.spec as never), expected[0]);
    equal(patched.value.metadata.generation, 2);
    const current = structuredClone((await call('GET', `${url}/${name}`)).value);
    current.metadata.annotations.updated = 'true';
    update(current.spec as never);
    const updated = await call('PUT', `${url}/${name}`, current);
    equal(updated.status, 200, updated.value.message);
    equal(read(updated.value.spec as never), expected[1]);
    deepEqual(updated.value.metadata.annotations, { patched: 'true', updated: 'true' });

    equal((await call('GET', `${url}/${name}/status`)).value.metadata.uid, uid);
    const failed = { type: 'PatchStatusFailed', status: 'False', reason: 'e2e' };
    const statusPatched = await call(
      'PATCH',
      `${url}/${name}/status`,
      { status: { conditions: [failed] } },
      MERGE,
    );
    ok(
      statusPatched.value.status.conditions.some(
        ({ type }: { type: string }) => type === 'PatchStatusFailed',
      ),
    );
    await clock.settle();
    const latest = structuredClone((await call('GET', `${url}/${name}`)).value);
    latest.status.conditions.push({ ...failed, type: 'StatusUpdateFailed' });
    const statusUpdated = await call('PUT', `${url}/${name}/status`, latest);
    equal(statusUpdated.status, 200, statusUpdated.value.message);
    equal(statusUpdated.value.metadata.generation, 3, 'a status is no new generation');

    equal((await call('DELETE', `${url}/${name}`)).status, 200);
    equal((await call('GET', `${url}/${name}`)).status, 404);
    equal((await call('GET', labelled)).value.items.length, 2);
    equal((await call('DELETE', labelled)).status, 200);
    equal((await call('GET', labelled)).value.items.length, 0);
    ok((await call('GET', url)).value.items.length > 7, 'what the cluster starts with is still there');
  });
}
