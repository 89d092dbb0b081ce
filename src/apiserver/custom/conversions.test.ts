/** Conversion webhooks through the API: what is stored, what each version shows, and what becomes of lies. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';
import type { SimulatedAnswer } from '../../simulation/sim-webhooks.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const URL = 'https://convert.example.com/convert';
const FAILED = 'conversion webhook for example.com/v2, Kind=Widget ';

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
type Any = any;

const version = (name: string, properties: object, storage: boolean) => ({
  name,
  served: true,
  storage,
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' },
  },
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { count: { type: 'integer' }, ...properties } },
        status: { type: 'object', properties: { count: { type: 'integer' } } },
      },
    },
  },
});

/** v1 has `host` and `port`, v2 `address`. */
function definition(stored: 'v1' | 'v2'): Any {
  const text = { type: 'string' };
  return {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        version('v1', { host: text, port: text }, stored === 'v1'),
        version('v2', { address: text, kept: { type: 'boolean', default: true } }, stored === 'v2'),
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: URL } },
      },
    },
  };
}

function convert(object: Any, apiVersion: string): Any {
  const { host, port, address, ...spec } = object.spec ?? {};
  const changed = apiVersion.endsWith('v2')
    ? { ...spec, address: `${host}:${port}` }
    : { ...spec, host: address.split(':')[0], port: address.split(':')[1] };
  return { ...object, apiVersion, spec: changed };
}

const widgets = (name: string) => `/apis/example.com/${name}/namespaces/default/widgets`;

async function newServer(t: { after(run: () => void): void }, stored: 'v1' | 'v2' = 'v1') {
  const api = await newSimulatedApiServer();
  const stop = new AbortController();
  t.after(() => stop.abort());
  void api.server.definitions.run(stop.signal);
  const reviews: Any[] = [];
  let lie: ((made: Any[], request: Any) => Any) | undefined;
  api.webhooks.listen(URL, (review: Any): SimulatedAnswer => {
    const { apiVersion, kind, request } = review;
    reviews.push(request);
    const made = request.objects.map((object: Any) => convert(object, request.desiredAPIVersion));
    const answer = lie?.(made, request);
    if (answer !== undefined && ('json' in answer || 'text' in answer)) return answer;
    const response = { uid: request.uid, result: { status: 'Success' }, convertedObjects: made, ...answer };
    return { json: { apiVersion, kind, response } };
  });
  const created = await api.call('POST', CRDS, definition(stored));
  equal(created.status, 201, JSON.stringify(created.value));
  await until(async () => (await api.call('GET', widgets('v1'))).status === 200);
  const widget = (name: string, spec: Any) => ({ metadata: { name }, spec });
  const lieWith = (next: typeof lie) => {
    lie = next;
  };
  return { ...api, reviews, widget, lieWith };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  ok(false, 'never held');
}

test('objects are stored in one version and shown in each', async (t) => {
  const { call, widget, reviews } = await newServer(t);
  const created = await call('POST', widgets('v2'), widget('w', { address: 'a:1', count: 2, odd: 1 }));
  equal(created.status, 201, JSON.stringify(created.value));
  deepEqual(created.value.spec, { address: 'a:1', count: 2, kept: true });
  const stored = await call('GET', `${widgets('v1')}/w`);
  deepEqual(
    [stored.value.apiVersion, stored.value.spec],
    ['example.com/v1', { host: 'a', port: '1', count: 2 }],
  );
  const asV2 = await call('GET', `${widgets('v2')}/w`);
  deepEqual(
    [asV2.value.apiVersion, asV2.value.spec],
    ['example.com/v2', { address: 'a:1', count: 2, kept: true }],
  );
  equal(asV2.value.metadata.uid, stored.value.metadata.uid);
  const before = reviews.length;
  await call('GET', `${widgets('v2')}/w`);
  equal(reviews.length, before, 'the same version of an object is not converted again');
});

test('updates, patches, applies and status in another version change what is stored', async (t) => {
  const { call, widget } = await newServer(t);
  await call('POST', widgets('v1'), widget('w', { host: 'a', port: '1' }));
  const patched = await call('PATCH', `${widgets('v2')}/w`, { spec: { address: 'b:2' } }, MERGE);
  deepEqual([patched.status, patched.value.spec.address], [200, 'b:2']);
  deepEqual((await call('GET', `${widgets('v1')}/w`)).value.spec, { host: 'b', port: '2' });
  equal((await call('GET', `${widgets('v1')}/w`)).value.metadata.generation, 2);
  const { value } = await call('GET', `${widgets('v2')}/w`);
  value.spec.address = 'c:3';
  const updated = await call('PUT', `${widgets('v2')}/w`, value);
  deepEqual([updated.status, updated.value.spec.address], [200, 'c:3']);
  equal((await call('PUT', `${widgets('v2')}/w`, value)).status, 409);
  const status = await call('PATCH', `${widgets('v2')}/w/status`, { status: { count: 1 } }, MERGE);
  deepEqual([status.status, status.value.status, status.value.spec.address], [200, { count: 1 }, 'c:3']);
  const apply = {
    apiVersion: 'example.com/v2',
    kind: 'Widget',
    metadata: { name: 'w' },
    spec: { address: 'd:4' },
  };
  const type = { 'content-type': 'application/apply-patch+yaml' };
  const applied = await call('PATCH', `${widgets('v2')}/w?fieldManager=me&force=true`, apply, type);
  deepEqual([applied.status, applied.value.spec.address], [200, 'd:4'], JSON.stringify(applied.value));
  deepEqual((await call('GET', `${widgets('v1')}/w`)).value.spec, { host: 'd', port: '4' });
  const scaled = await call('PATCH', `${widgets('v2')}/w/scale`, { spec: { replicas: 5 } }, MERGE);
  deepEqual([scaled.status, scaled.value.spec], [200, { replicas: 5 }]);
  equal((await call('GET', `${widgets('v2')}/w`)).value.spec.count, 5);
  equal((await call('DELETE', `${widgets('v2')}/w`)).status, 200);
});

test('a list is converted as a whole, Tables and metadata too', async (t) => {
  const { call, widget, reviews } = await newServer(t);
  for (let index = 0; index < 300; index++) {
    await call('POST', widgets('v1'), widget(`w${1000 + index}`, { host: `h${index}`, port: '1' }));
  }
  reviews.length = 0;
  const { value } = await call('GET', widgets('v2'));
  equal(value.items.length, 300);
  ok(
    value.items.every(
      ({ spec, metadata }: Any) => spec.address === `h${Number(metadata.name.slice(1)) - 1000}:1`,
    ),
  );
  deepEqual(
    reviews.map(({ objects }) => objects.length),
    [256, 44],
  );
  const table = await call('GET', widgets('v2'), undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  equal(table.value.rows.length, 300);
});

test('a watch shows events in its version, in order', async (t) => {
  const { call, widget } = await newServer(t);
  await call('POST', widgets('v1'), widget('w1', { host: 'a', port: '1' }));
  const watching = await call('GET', `${widgets('v2')}?watch=true&labelSelector=!hidden`);
  const { body } = watching.response;
  ok(body.kind === 'watch');
  const frames = body.frames[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await frames.next();
    return (value as Any[]).map(
      ({ type, object }: Any) => `${type} ${object.metadata.name} ${object.spec.address}`,
    );
  };
  deepEqual(await next(), ['ADDED w1 a:1']);
  await call('POST', widgets('v1'), widget('w2', { host: 'b', port: '2' }));
  deepEqual(await next(), ['ADDED w2 b:2']);
  await call('PATCH', `${widgets('v1')}/w1`, { spec: { port: '9' } }, MERGE);
  deepEqual(await next(), ['MODIFIED w1 a:9']);
  const leaving = { metadata: { labels: { hidden: 'yes' } }, spec: { port: '10' } };
  await call('PATCH', `${widgets('v1')}/w1`, leaving, MERGE);
  deepEqual(await next(), ['DELETED w1 a:9']);
  await frames.return?.();
});

test('a watch whose objects cannot be converted says why and ends', async (t) => {
  const { call, widget, lieWith } = await newServer(t);
  await call('POST', widgets('v1'), widget('w1', { host: 'a', port: '1' }));
  lieWith(() => ({ result: { status: 'Failure', message: 'not today' } }));
  const watching = await call('GET', `${widgets('v2')}?watch=true`);
  const { body } = watching.response;
  ok(body.kind === 'watch');
  const frames = body.frames[Symbol.asyncIterator]();
  const [error] = (await frames.next()).value as Any[];
  equal(error.type, 'ERROR');
  equal(error.object.message, 'conversion webhook for example.com/v1, Kind=Widget failed: not today');
  equal((await frames.next()).done, true);
});

test('when another version becomes the stored one, old objects are shown and rewritten', async (t) => {
  const { call, widget } = await newServer(t);
  await call('POST', widgets('v1'), widget('old', { host: 'a', port: '1' }));
  const crd = (await call('GET', `${CRDS}/widgets.example.com`)).value;
  const changed = await call('PUT', `${CRDS}/widgets.example.com`, {
    ...crd,
    spec: { ...crd.spec, ...definition('v2').spec },
  });
  deepEqual(changed.value.status.storedVersions, ['v1', 'v2']);
  equal((await call('GET', `${widgets('v1')}/old`)).value.spec.host, 'a');
  equal((await call('GET', `${widgets('v2')}/old`)).value.spec.address, 'a:1');
  const patched = await call('PATCH', `${widgets('v1')}/old`, { spec: { port: '7' } }, MERGE);
  deepEqual(
    [patched.status, patched.value.spec],
    [200, { host: 'a', port: '7' }],
    JSON.stringify(patched.value),
  );
  equal((await call('GET', `${widgets('v2')}/old`)).value.spec.address, 'a:7');
});

test('an answer that is none, or of other objects, is refused in upstream words', async (t) => {
  const { call, widget, lieWith } = await newServer(t);
  const lies: [(made: Any[], request: Any) => Any, string][] = [
    [
      () => ({ text: 'hello', status: 200 }),
      "failed: couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value",
    ],
    [() => ({ text: '', status: 404 }), 'failed: the server could not find the requested resource'],
    [
      () => ({ json: {} }),
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=',
    ],
    [
      () => ({ json: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' } }),
      'failed: no response provided',
    ],
    [() => ({ result: {} }), "failed: response.result.status was '', not 'Success'"],
    [() => ({ result: { status: 'Failed', message: 'sorry' } }), 'failed: sorry'],
    [() => ({ convertedObjects: [] }), 'returned 0 objects, expected 1'],
    [(made) => ({ convertedObjects: [...made, ...made] }), 'returned 2 objects, expected 1'],
    [
      () => ({ convertedObjects: [7] }),
      'returned invalid object at index 0: invalid groupVersion (expected example.com/v1, received )',
    ],
    [
      ([made]) => ({ convertedObjects: [{ ...made, kind: 'Pod' }] }),
      'returned invalid object at index 0: invalid kind (expected Widget, received Pod)',
    ],
    [
      ([made]) => ({ convertedObjects: [{ ...made, metadata: undefined }] }),
      'returned invalid metadata: missing metadata in converted object',
    ],
    [
      ([made]) => ({ convertedObjects: [{ ...made, metadata: { ...made.metadata, name: 'x' } }] }),
      'returned invalid object: must have the same name: w != x',
    ],
    [
      ([made]) => ({ convertedObjects: [{ ...made, metadata: { ...made.metadata, uid: 'x' } }] }),
      'returned invalid object: must have the same UID:  != x',
    ],
    [
      ([made]) => ({ convertedObjects: [{ ...made, metadata: { ...made.metadata, labels: { a: 7 } } }] }),
      'returned invalid metadata: metadata.labels[a] must be a string in converted object',
    ],
  ];
  for (const [lie, why] of lies) {
    lieWith(lie);
    const refused = await call('POST', widgets('v2'), widget('w', { address: 'a:1' }));
    deepEqual(
      [refused.status, refused.value.reason, refused.value.message],
      [500, undefined, `${FAILED}${why}`],
    );
  }
  lieWith((_, { uid }) => ({ uid: `not ${uid}` }));
  const refused = await call('POST', widgets('v2'), widget('w', { address: 'a:1' }));
  match(
    refused.value.message,
    /Kind=Widget failed: expected response\.uid="[0-9a-f-]{36}", got "not [0-9a-f-]{36}"$/,
  );
  lieWith(undefined);
  equal((await call('GET', widgets('v1'))).value.items.length, 0);
});

test('an object is judged in the version in which it was sent, and as what is stored', async (t) => {
  const { call, widget, reviews } = await newServer(t);
  const refused = await call('POST', widgets('v2'), widget('w', { address: 7 }));
  equal(refused.status, 422);
  match(refused.value.message, /spec\.address: Invalid value: "integer"/);
  equal(reviews.length, 0);
  await call('POST', widgets('v2'), widget('w', { address: 'a:1' }));
  for (const type of [MERGE, { 'content-type': 'application/json-patch+json' }]) {
    const body =
      type === MERGE ? { spec: { address: 7 } } : [{ op: 'replace', path: '/spec/address', value: 7 }];
    equal((await call('PATCH', `${widgets('v2')}/w`, body, type)).status, 422);
  }
  const { value } = await call('GET', `${widgets('v2')}/w`);
  equal((await call('PUT', `${widgets('v2')}/w`, { ...value, spec: { address: 7 } })).status, 422);
});

test('an admission webhook sees a custom object in the version that it asks for', async (t) => {
  const { call, widget, webhooks } = await newServer(t);
  const url = 'https://admit.example.com/';
  const seen: Any[] = [];
  webhooks.listen(url, (review: Any) => {
    const { apiVersion, kind, request } = review;
    seen.push(request);
    const patch = btoa('[{"op":"replace","path":"/spec/address","value":"patched:9"}]');
    return {
      json: {
        apiVersion,
        kind,
        response: { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch },
      },
    };
  });
  const rules = [
    { operations: ['*'], apiGroups: ['example.com'], apiVersions: ['v2'], resources: ['widgets'] },
  ];
  const hook = {
    name: 'a.example.com',
    clientConfig: { url },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    rules,
  };
  await call('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    metadata: { name: 'a' },
    webhooks: [hook],
  });
  const created = await call('POST', widgets('v1'), widget('w', { host: 'a', port: '1' }));
  deepEqual([created.status, created.value.spec], [201, { host: 'patched', port: '9' }]);
  const [{ kind, requestKind, object }] = seen;
  deepEqual([kind.version, requestKind.version, object.spec.address], ['v2', 'v1', 'a:1']);
  equal(
    (await call('PATCH', `${widgets('v1')}/w`, { spec: { host: 'b' } }, MERGE)).value.spec.host,
    'patched',
  );
  deepEqual([seen[1].object.spec.address, seen[1].oldObject.spec.address], ['b:9', 'patched:9']);
});

test('metadata other than labels and annotations stays what it was', async (t) => {
  const { call, widget, lieWith } = await newServer(t);
  lieWith(([made]) => {
    const metadata = {
      ...made.metadata,
      finalizers: ['example.com/x'],
      labels: { l: 'new' },
      resourceVersion: '1',
    };
    return { convertedObjects: [{ ...made, metadata }] };
  });
  await call('POST', widgets('v1'), widget('w', { host: 'a', port: '1' }));
  const { metadata } = (await call('GET', `${widgets('v2')}/w`)).value;
  deepEqual([metadata.labels, metadata.finalizers], [{ l: 'new' }, undefined]);
  equal(metadata.resourceVersion, (await call('GET', `${widgets('v1')}/w`)).value.metadata.resourceVersion);
});

test('a conversion webhook that hangs is given up after 30 s; who wants the same waits for one call', async (t) => {
  const { call, widget, webhooks, clock } = await newServer(t);
  await call('POST', widgets('v1'), widget('w', { host: 'a', port: '1' }));
  let calls = 0;
  webhooks.listen(URL, () => {
    calls++;
    return 'never';
  });
  const answers = Promise.all(Array.from({ length: 10 }, () => call('GET', `${widgets('v2')}/w`)));
  await clock.advance(30_000);
  const [first] = await answers;
  equal(calls, 1);
  equal(
    first!.value.message,
    `conversion webhook for example.com/v1, Kind=Widget failed: Post "${URL}?timeout=30s": context deadline exceeded`,
  );
});

test('validateDefinition judges conversion in upstream words', async (t) => {
  const { call } = await newServer(t);
  const problems = async (conversion: Any) => {
    const refused = definition('v1');
    refused.metadata.name = 'gadgets.example.com';
    Object.assign(refused.spec, { names: { plural: 'gadgets', kind: 'Gadget' }, conversion });
    const { value } = await call('POST', CRDS, refused);
    return value.details.causes.map(({ field, message }: Any) => `${field}: ${message}`);
  };
  const webhook = { clientConfig: { url: URL }, conversionReviewVersions: ['v1'] };
  deepEqual(await problems({ strategy: 'Magic' }), [
    'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"',
  ]);
  deepEqual(await problems({ strategy: 'None', webhook }), [
    'spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook',
    'spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook',
  ]);
  deepEqual(await problems({ strategy: 'Webhook' }), [
    'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
    'spec.conversion.conversionReviewVersions: Required value',
  ]);
  deepEqual(
    await problems({ strategy: 'Webhook', webhook: { ...webhook, conversionReviewVersions: ['v3'] } }),
    [
      'spec.conversion.conversionReviewVersions: Invalid value: ["v3"]: must include at least one of v1, v1beta1',
    ],
  );
});
