import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../simulation/sim-api-server.ts';

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

const condition = fc.record(
  {
    type: fc.constantFrom('Ready', 'Initialized', 'PodScheduled'),
    status: fc.constantFrom<unknown>('True', 'False', 7),
    reason: fc.constantFrom('', 'Because'),
    lastTransitionTime: fc.constantFrom(
      '2026-01-02T03:04:05Z',
      '2026-01-02T04:04:05+01:00',
      'yesterday',
      null,
    ),
    $patch: fc.constant('delete'),
  },
  { requiredKeys: ['type'] },
);

const status = fc.record(
  {
    phase: fc.constantFrom<unknown>('Pending', 'Running', null, 5),
    podIP: fc.constantFrom('10.0.0.1', ''),
    podIPs: fc.array(fc.record({ ip: fc.constantFrom('10.0.0.1', '10.0.0.2') }), { maxLength: 2 }),
    conditions: fc.array(condition, { maxLength: 3 }),
    unheardOf: fc.constant(1),
    capacity: fc.constant({ cpu: '2000m', memory: 1024 }),
    allocatable: fc.constantFrom({ cpu: '1' }, null),
  },
  { requiredKeys: [] },
);

const patch = fc.record(
  {
    status: fc.oneof({ weight: 8, arbitrary: status }, { weight: 1, arbitrary: fc.constantFrom(null, 3) }),
    metadata: fc.record(
      {
        labels: fc.constantFrom({ a: 'b' }, { app: null }, null),
        ownerReferences: fc.constant([]),
        finalizers: fc.constant(['x/y']),
        resourceVersion: fc.constantFrom('', '1'),
        name: fc.constantFrom('', 'other'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const steps = fc.array(fc.tuple(patch, fc.constantFrom(MERGE, STRATEGIC)), { minLength: 1, maxLength: 4 });

/** What the server says of the object, whichever of the two it is. */
async function patched(
  { call }: SimulatedApiServer,
  url: string,
  body: unknown,
  type: string,
): Promise<object> {
  const answer = await call('PATCH', `${url}/status?fieldValidation=Warn`, body, { 'content-type': type });
  const { metadata, spec, ...rest } = answer.value;
  const { uid: _u, resourceVersion: _r, name: _n, ...metadataRest } = metadata;
  const text = JSON.stringify({ status: answer.status, metadata: metadataRest, spec, ...rest });
  const warning = answer.headers['warning'];
  return { warning, answer: JSON.parse(text.replaceAll('thing-b', 'thing-a')) };
}

/** From then on it says whose fields are whose. */
async function applyLabel(
  { call }: SimulatedApiServer,
  url: string,
  name: string,
  kind: string,
): Promise<void> {
  const applied = { apiVersion: 'v1', kind, metadata: { name, labels: { applied: 'yes' } } };
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const { value } = await call('PATCH', `${url}/${name}?fieldManager=tester`, applied, headers);
  assert.ok(value.metadata.managedFields.length > 0);
}

/** A patch that names the spec too is judged as a whole. */
for (const [kind, url, newObject] of [
  ['Pod', PODS_URL, (name: string) => pod(name, { automountServiceAccountToken: false })],
  ['Node', '/api/v1/nodes', (name: string) => ({ metadata: { name, labels: { app: 'x' } } })],
] as const) {
  test(`statusPart of a ${kind} leads to what the whole object would, in every answer`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (script, isApplied) => {
        const api = await newSimulatedApiServer();
        for (const name of ['thing-a', 'thing-b']) {
          const { status: created } = await api.call('POST', url, newObject(name));
          assert.equal(created, 201);
          if (isApplied) await applyLabel(api, url, name, kind);
        }
        for (const [body, type] of script) {
          assert.deepEqual(
            await patched(api, `${url}/thing-a`, body, type),
            await patched(api, `${url}/thing-b`, { ...body, spec: {} }, type),
          );
        }
      }),
      { numRuns: 150 },
    );
  });
}

test('a patch of the status of a Service gets the defaults of its type', async () => {
  const { call } = await newSimulatedApiServer();
  const url = '/api/v1/namespaces/default/services';
  const metadata = { name: 'web', namespace: 'default' };
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
  await call('POST', url, { apiVersion: 'v1', kind: 'Service', metadata, spec });
  const body = { status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } };
  const { status, value } = await call('PATCH', `${url}/web/status`, body, { 'content-type': STRATEGIC });
  assert.equal(status, 200);
  assert.partialDeepStrictEqual(value, { status: { loadBalancer: { ingress: [{ ipMode: 'VIP' }] } } });
});

test('a patch of a status shares what it leaves with the version before', async () => {
  const { call } = await newSimulatedApiServer();
  const before = (await call('POST', PODS_URL, pod('a'))).value;
  const body = { status: { phase: 'Running' } };
  const after = (await call('PATCH', `${PODS_URL}/a/status`, body, { 'content-type': STRATEGIC })).value;
  assert.equal(after.status.phase, 'Running');
  assert.equal(after.spec, before.spec);
  assert.equal(after.metadata.labels, before.metadata.labels);
});
