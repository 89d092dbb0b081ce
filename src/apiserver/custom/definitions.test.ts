import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer, type SimulatedApiServer } from '../../simulation/sim-api-server.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';
const MERGE = { 'content-type': 'application/merge-patch+json' };

const SPEC_SCHEMA = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    colour: { type: 'string', enum: ['red', 'gold'], default: 'gold' },
    port: { 'x-kubernetes-int-or-string': true },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', pattern: '^[a-z]+$' }, weight: { type: 'number', default: 1 } },
      },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

function definition(extra: Record<string, unknown> = {}, version: Record<string, unknown> = {}) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wg'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: SPEC_SCHEMA,
                status: { type: 'object', properties: { replicas: { type: 'integer' } } },
              },
            },
          },
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas' },
          },
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          ...version,
        },
      ],
      ...extra,
    },
  };
}

const widget = (spec: Record<string, unknown>, name = 'a') => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
});

async function newServer(
  t: { after(clean: () => void): void },
  crd: unknown = definition(),
): Promise<SimulatedApiServer> {
  const api = await newSimulatedApiServer();
  const stop = new AbortController();
  t.after(() => stop.abort());
  api.server.definitions.run(stop.signal).catch(() => {});
  const { status, value } = await api.call('POST', CRDS, crd);
  equal(status, 201, value.message);
  await api.clock.settle();
  return api;
}

test('a definition that is new holds no names yet, and counts what it stores from the start', async () => {
  const api = await newSimulatedApiServer();
  const { value } = await api.call('POST', CRDS, definition());
  deepEqual(value.status, { acceptedNames: { plural: '', kind: '' }, storedVersions: ['v1'] });
});

test('a definition without versions is refused, not stumbled over', async () => {
  const api = await newSimulatedApiServer();
  for (const spec of [undefined, {}, { versions: [] }]) {
    equal((await api.call('POST', CRDS, { ...definition(), spec })).status, 422);
  }
});

test('a definition is accepted, established and served', async (t) => {
  const api = await newServer(t);
  const { value } = await api.call('GET', `${CRDS}/widgets.example.com`);
  deepEqual(
    value.status.conditions.map(({ type, status }: { type: string; status: string }) => [type, status]),
    [
      ['NamesAccepted', 'True'],
      ['Established', 'True'],
    ],
  );
  deepEqual(value.status.storedVersions, ['v1']);
  equal(value.status.acceptedNames.listKind, 'WidgetList');
  const list = await api.call('GET', WIDGETS);
  equal(list.status, 200);
  equal(list.value.kind, 'WidgetList');
  ok(api.server.kinds.rows.some(({ kind }) => kind === 'Widget'));
});

test('a custom object is pruned, given its defaults, and validated', async (t) => {
  const api = await newServer(t);
  const created = await api.call('POST', WIDGETS, {
    ...widget({ size: 3, unknown: 1, free: { any: { thing: 1 } }, parts: [{ name: 'x' }] }),
    extra: true,
  });
  equal(created.status, 201, created.value.message);
  deepEqual(created.value.spec, {
    size: 3,
    free: { any: { thing: 1 } },
    parts: [{ name: 'x', weight: 1 }],
    colour: 'gold',
  });
  equal(created.value.extra, undefined);
  equal(created.value.metadata.generation, 1);
  match(created.headers['warning'] ?? '', /unknown field/);
});

for (const [what, spec, message] of [
  ['a missing field', {}, /spec\.size: Required value/],
  [
    'a wrong type',
    { size: 'x' },
    /spec\.size: Invalid value: "string": spec\.size in body must be of type integer: "string"/,
  ],
  [
    'a number out of bounds',
    { size: 11 },
    /spec\.size: Invalid value: 11: spec\.size in body should be less than or equal to 10/,
  ],
  [
    'a value that is not listed',
    { size: 1, colour: 'blue' },
    /spec\.colour: Unsupported value: "blue": supported values: "gold", "red"/,
  ],
  [
    'a pattern that does not match',
    { size: 1, parts: [{ name: 'X' }] },
    /spec\.parts\[0\]\.name in body should match '\^\[a-z\]\+\$'/,
  ],
  [
    'two items of one key',
    { size: 1, parts: [{ name: 'x' }, { name: 'x' }] },
    /spec\.parts\[1\]: Duplicate value: \{"name":"x"\}/,
  ],
  ['neither a number nor a string', { size: 1, port: true }, /spec\.port: Invalid value: "boolean"/],
] as const) {
  test(`a custom object with ${what} is refused`, async (t) => {
    const api = await newServer(t);
    const { status, value } = await api.call('POST', WIDGETS, widget(spec));
    equal(status, 422);
    match(value.message, message);
  });
}

test('strict validation refuses what would be pruned', async (t) => {
  const api = await newServer(t);
  const { status, value } = await api.call(
    'POST',
    `${WIDGETS}?fieldValidation=Strict`,
    widget({ size: 1, unknown: 1 }),
  );
  equal(status, 400);
  match(value.message, /strict decoding error: unknown field "spec\.unknown"/);
});

test('status has its own door, and a spec that changes a new generation', async (t) => {
  const api = await newServer(t);
  await api.call('POST', WIDGETS, { ...widget({ size: 1 }), status: { replicas: 9 } });
  equal((await api.call('GET', `${WIDGETS}/a`)).value.status, undefined);
  await api.call('PATCH', `${WIDGETS}/a/status`, { status: { replicas: 4 }, spec: { size: 9 } }, MERGE);
  const { value } = await api.call('PATCH', `${WIDGETS}/a`, { spec: { size: 2 } }, MERGE);
  equal(value.status.replicas, 4);
  equal(value.spec.size, 2);
  equal(value.metadata.generation, 2);
});

test('scale reads and writes where the definition says', async (t) => {
  const api = await newServer(t);
  await api.call('POST', WIDGETS, widget({ size: 3 }));
  const { value } = await api.call('GET', `${WIDGETS}/a/scale`);
  equal(value.spec.replicas, 3);
  const scaled = await api.call('PATCH', `${WIDGETS}/a/scale`, { spec: { replicas: 5 } }, MERGE);
  equal(scaled.status, 200, scaled.value.message);
  equal((await api.call('GET', `${WIDGETS}/a`)).value.spec.size, 5);
});

test('a Table has the columns of the definition', async (t) => {
  const api = await newServer(t);
  await api.call('POST', WIDGETS, widget({ size: 3 }));
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { value } = await api.call('GET', WIDGETS, undefined, { accept });
  deepEqual(
    value.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Size'],
  );
  deepEqual(value.rows[0].cells, ['a', 3]);
});

test('server-side apply merges custom objects by their schema', async (t) => {
  const api = await newServer(t);
  const apply = (manager: string, spec: Record<string, unknown>) =>
    api.call('PATCH', `${WIDGETS}/a?fieldManager=${manager}`, widget(spec), {
      'content-type': 'application/apply-patch+yaml',
    });
  equal((await apply('one', { size: 1, parts: [{ name: 'x' }] })).status, 201);
  const { value, status } = await apply('two', { size: 1, parts: [{ name: 'y', weight: 2 }] });
  equal(status, 200, value.message);
  deepEqual(value.spec.parts.map(({ name }: { name: string }) => name).sort(), ['x', 'y']);
  equal((await apply('two', { size: 2 })).status, 409);
});

test('a strategic merge patch is refused for custom objects', async (t) => {
  const api = await newServer(t);
  await api.call('POST', WIDGETS, widget({ size: 1 }));
  const headers = { 'content-type': 'application/strategic-merge-patch+json' };
  equal((await api.call('PATCH', `${WIDGETS}/a`, { spec: { size: 2 } }, headers)).status, 415);
});

test('several versions serve the same objects', async (t) => {
  const [v1] = definition().spec.versions;
  const versions = [
    { ...v1, storage: false },
    { ...v1, name: 'v2', storage: true },
  ];
  const api = await newServer(t, definition({ versions }));
  await api.call('POST', WIDGETS, widget({ size: 1 }));
  const { value } = await api.call('GET', '/apis/example.com/v2/namespaces/default/widgets/a');
  equal(value.apiVersion, 'example.com/v2');
  equal((await api.call('GET', WIDGETS)).value.items[0].apiVersion, 'example.com/v1');
});

test('a definition that goes takes its objects with it', async (t) => {
  const api = await newServer(t);
  await api.call('POST', WIDGETS, widget({ size: 1 }));
  await api.call('POST', WIDGETS, {
    ...widget({ size: 1 }, 'held'),
    metadata: { name: 'held', finalizers: ['a/b'] },
  });
  await api.call('DELETE', `${CRDS}/widgets.example.com`);
  await api.clock.settle();
  equal((await api.call('GET', `${WIDGETS}/a`)).status, 404);
  equal((await api.call('POST', WIDGETS, widget({ size: 1 }, 'late'))).status, 405);
  const going = await api.call('GET', `${CRDS}/widgets.example.com`);
  ok(going.value.status.conditions.some(({ type }: { type: string }) => type === 'Terminating'));
  await api.call('PATCH', `${WIDGETS}/held`, { metadata: { finalizers: null } }, MERGE);
  await api.clock.advance(3000);
  equal((await api.call('GET', `${CRDS}/widgets.example.com`)).status, 404);
  equal((await api.call('GET', WIDGETS)).status, 404);
});

test('a definition that goes while the disk is full is cleaned up afterwards', async (t) => {
  const { call, clock, journal } = await newServer(t);
  await call('POST', WIDGETS, widget({ size: 1 }));
  journal.hold();
  const going = call('DELETE', `${CRDS}/widgets.example.com`);
  await clock.settle();
  journal.release();
  await going;
  journal.becomeUnavailable();
  await clock.advance(60_000);
  journal.recover();
  await clock.advance(60_000);
  equal((await call('GET', `${CRDS}/widgets.example.com`)).status, 404);
});

test('a definition whose names are taken waits for them', async (t) => {
  const api = await newServer(t);
  const other = definition({ names: { plural: 'gadgets', kind: 'Widget', listKind: 'GadgetList' } });
  other.metadata.name = 'gadgets.example.com';
  await api.call('POST', CRDS, other);
  await api.clock.settle();
  const { value } = await api.call('GET', `${CRDS}/gadgets.example.com`);
  deepEqual(
    value.status.conditions.map(({ type, status, reason }: Record<string, string>) => [type, status, reason]),
    [
      ['NamesAccepted', 'False', 'SingularConflict'],
      ['Established', 'False', 'NotAccepted'],
    ],
  );
  await api.call('DELETE', `${CRDS}/widgets.example.com`);
  await api.clock.advance(2000);
  equal((await api.call('GET', '/apis/example.com/v1/gadgets')).status, 200);
});

test('a stricter schema does not lock out what is there', async (t) => {
  const api = await newServer(t);
  await api.call('POST', WIDGETS, widget({ size: 9, colour: 'red' }));
  const { value: crd } = await api.call('GET', `${CRDS}/widgets.example.com`);
  const stricter = structuredClone(crd);
  stricter.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.maximum = 5;
  equal((await api.call('PUT', `${CRDS}/widgets.example.com`, stricter)).status, 200);
  await api.clock.settle();
  equal((await api.call('PATCH', `${WIDGETS}/a`, { spec: { colour: 'gold' } }, MERGE)).status, 200);
  equal((await api.call('PATCH', `${WIDGETS}/a`, { spec: { size: 8 } }, MERGE)).status, 422);
});

test('defaults that come later are seen in what is there, before it is written again', async (t) => {
  const api = await newServer(t);
  const { value: old } = await api.call('POST', WIDGETS, widget({ size: 1 }));
  const { value: crd } = await api.call('GET', `${CRDS}/widgets.example.com`);
  const later = structuredClone(crd);
  const { properties } = later.spec.versions[0].schema.openAPIV3Schema.properties.spec;
  properties.finish = { type: 'string', default: 'matt' };
  equal((await api.call('PUT', `${CRDS}/widgets.example.com`, later)).status, 200);
  await api.clock.settle();
  const { value: one } = await api.call('GET', `${WIDGETS}/a`);
  deepEqual(one, { ...old, spec: { ...old.spec, finish: 'matt' } });
  const { value: list } = await api.call('GET', WIDGETS);
  equal(list.items[0].spec.finish, 'matt');
  const { body } = (await api.call('GET', `${WIDGETS}?watch=true&resourceVersion=0`)).response;
  ok(body.kind === 'watch');
  const frames = body.frames[Symbol.asyncIterator]();
  const next = async () => (await frames.next()).value[0].object.spec.finish;
  equal(await next(), 'matt');
  await api.call('PATCH', `${WIDGETS}/a`, { spec: { colour: 'red' } }, MERGE);
  equal(await next(), 'matt');
  await frames.return?.();
  equal((await api.call('GET', `${WIDGETS}/a`)).value.spec.finish, 'matt');
});

for (const [what, change, message] of [
  [
    'no schema',
    { schema: undefined },
    /spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value: schemas are required/,
  ],
  [
    'a field without a type',
    { schema: { openAPIV3Schema: { type: 'object', properties: { spec: {} } } } },
    /properties\[spec\]\.type: Required value: must not be empty for specified object fields/,
  ],
  [
    'a pattern that is none',
    { schema: { openAPIV3Schema: { type: 'object', properties: { a: { type: 'string', pattern: '(' } } } } },
    /must be a valid regular expression/,
  ],
  ['no stored version', { storage: false }, /must have exactly one version marked as storage version/],
  [
    'a column of no type',
    { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] },
    /additionalPrinterColumns\[0\]\.type: Unsupported value: "text"/,
  ],
] as const) {
  test(`a definition with ${what} is refused`, async () => {
    const api = await newSimulatedApiServer();
    const { status, value } = await api.call('POST', CRDS, definition({}, change));
    equal(status, 422);
    match(value.message, message);
  });
}

test('a definition whose name is not its plural and group is refused', async () => {
  const api = await newSimulatedApiServer();
  const { value } = await api.call('POST', CRDS, { ...definition(), metadata: { name: 'widgets' } });
  match(
    value.message,
    /metadata\.name: Invalid value: "widgets": must be spec\.names\.plural\+"\."\+spec\.group/,
  );
});
