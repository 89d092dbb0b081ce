/** Webhooks that hang, lie, answer garbage, answer too much, or call back: what the client is told, and that it ends. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedAnswer } from '../../../simulation/sim-webhooks.ts';
import { type Backend, CONFIG_MAPS, jsonPatch, newWebhookServer } from './webhooks.fixture.ts';

const URL = 'https://a.example.com/hook?timeout=10s';
const FAILED = 'Internal error occurred: failed calling webhook "a.example.com": ';
const NO_ANSWER = `${FAILED}failed to call webhook: `;
const INVALID = `${FAILED}received invalid webhook response: `;

const answering =
  (answer: SimulatedAnswer): Backend =>
  () => ({ answer });
const text = (status: number, body: string) => answering({ status, text: body });
const json = (value: unknown) => answering({ json: value });
const review = (response: object) =>
  json({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });

/** What a client is told of a creation by a mutating webhook that answers like this. */
async function refusalBy(backend: Backend, sort: 'mutating' | 'validating' = 'mutating'): Promise<string> {
  const { webhook, configMap, call } = await newWebhookServer();
  await webhook(sort, 'a', backend);
  const refused = await configMap({ k: '1' });
  equal(refused.status, 500, JSON.stringify(refused.value));
  deepEqual([refused.value.reason, refused.value.code], ['InternalError', 500]);
  equal((await call('GET', `${CONFIG_MAPS}/c`)).status, 404);
  return refused.value.message;
}

test('a webhook that nobody listens for fails the request, or with Ignore is passed over', async () => {
  const { webhook, configMap, webhooks } = await newWebhookServer();
  await webhook('mutating', 'a', answering({ broken: 'EOF' }), { failurePolicy: 'Ignore' });
  await webhook('validating', 'b', answering({ broken: 'EOF' }), { failurePolicy: 'Ignore' });
  equal((await configMap({})).status, 201);
  await webhook('validating', 'c', () => ({}), { clientConfig: { url: 'https://nobody.example.com' } });
  const refused = await configMap({}, { name: 'd' });
  equal(
    refused.value.message,
    'Internal error occurred: failed calling webhook "c.example.com": failed to call webhook: Post "https://nobody.example.com/?timeout=10s": dial tcp nobody.example.com: connect: connection refused',
  );
  webhooks.listen('https://nobody.example.com/', () => ({ json: {} }));
  match((await configMap({}, { name: 'd' })).value.message, /webhook response was absent$/);
});

test('a webhook that hangs is given up after its timeout', async () => {
  const { webhook, configMap, clock } = await newWebhookServer();
  await webhook('mutating', 'a', answering('never'), { timeoutSeconds: 2 });
  const asked = configMap({});
  const before = clock.monotonicMs();
  await clock.advance(1999);
  let isOver = false;
  void asked.then(() => {
    isOver = true;
  });
  await clock.advance(0);
  equal(isOver, false);
  await clock.advance(1);
  const refused = await asked;
  equal(clock.monotonicMs() - before, 2000);
  equal(
    refused.value.message,
    `${NO_ANSWER}Post "https://a.example.com/hook?timeout=2s": context deadline exceeded`,
  );
});

test('webhooks that are ignored one after the other still end with the request', async () => {
  const { webhook, configMap, clock } = await newWebhookServer();
  for (const name of ['a', 'b', 'c'])
    await webhook('mutating', name, answering('never'), { timeoutSeconds: 30, failurePolicy: 'Ignore' });
  const asked = configMap({});
  for (let second = 0; second < 61; second++) await clock.advance(1000);
  const refused = await asked;
  deepEqual([refused.status, refused.value.reason], [504, 'Timeout']);
});

test('an answer that is no review is an error of the call', async () => {
  const garbage: [Backend, string][] = [
    [
      text(200, 'hello'),
      `${NO_ANSWER}couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value`,
    ],
    [text(200, ''), `${NO_ANSWER}couldn't get version/kind; json parse error: unexpected end of JSON input`],
    [text(200, '['.repeat(100_000)), ''],
    [
      text(200, `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      `${NO_ANSWER}couldn't get version/kind; json parse error: exceeded max depth`,
    ],
    [text(404, 'not here'), `${NO_ANSWER}the server could not find the requested resource`],
    [
      text(500, 'boom\n'),
      `${NO_ANSWER}an error on the server ("boom") has prevented the request from succeeding`,
    ],
    [
      text(302, ''),
      `${NO_ANSWER}the server responded with the status code 302 but did not return more information`,
    ],
    [text(503, '{"kind":"Status","message":"overloaded"}'), `${NO_ANSWER}overloaded`],
    [answering({ broken: 'EOF' }), `${NO_ANSWER}Post "${URL}": EOF`],
    [
      text(200, ' '.repeat(5 * 1024 * 1024)),
      `${NO_ANSWER}Post "${URL}": the answer has more than 4194304 bytes`,
    ],
  ];
  for (const [backend, expected] of garbage) {
    const message = await refusalBy(backend);
    if (expected === '')
      match(
        message,
        /^Internal error occurred: failed calling webhook "a\.example\.com": failed to call webhook: /,
      );
    else equal(message, expected);
  }
});

test('an answer to another question, or of another kind, is no answer', async () => {
  const lies: [Backend, string | RegExp][] = [
    [json({}), `${INVALID}webhook response was absent`],
    [json([1]), `${INVALID}webhook response was absent`],
    [
      ({ uid }) => ({ answer: { json: { response: { uid, allowed: true } } } }),
      `${INVALID}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=`,
    ],
    [
      ({ uid }) => ({ answer: { json: { apiVersion: 'v1', kind: 'Pod', response: { uid } } } }),
      `${INVALID}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /v1, Kind=Pod`,
    ],
    [review({ uid: 'another', allowed: true }), /expected response\.uid="[0-9a-f-]{36}", got "another"$/],
    [
      () => ({ allowed: 'yes' }),
      `${INVALID}json: cannot unmarshal string into Go struct field AdmissionReview.response.allowed of type bool`,
    ],
    [() => ({ patch: 'W10=' }), `${INVALID}webhook returned response.patch but not response.patchType`],
    [
      () => ({ patchType: 'JSONPatch' }),
      `${INVALID}webhook returned response.patchType but not response.patch`,
    ],
    [() => ({ patch: 'W10=', patchType: '' }), `${INVALID}webhook returned invalid response.patchType of ""`],
    [() => ({ patch: '*', patchType: 'JSONPatch' }), `${INVALID}illegal base64 data in response.patch`],
  ];
  for (const [backend, expected] of lies) {
    const message = await refusalBy(backend);
    if (typeof expected === 'string') equal(message, expected);
    else match(message, expected);
  }
  const patching: Backend = () => jsonPatch({ op: 'add', path: '/data/x', value: 'y' });
  equal(
    await refusalBy(patching, 'validating'),
    `${INVALID}validating webhook may not return response.patch`,
  );
});

test('a patch that is none, or does not apply, is an error of the server', async () => {
  const patches: [string, string, RegExp][] = [
    ['{"op":"add"}', 'JSONPatch', /json: cannot unmarshal object into Go value of type jsonpatch\.Patch/],
    ['nonsense', 'JSONPatch', /^Internal error occurred: /],
    ['[{"op":"remove","path":"/data/nope"}]', 'JSONPatch', /^Internal error occurred: .*nope/],
    ['[{"op":"replace","path":"","value":7}]', 'JSONPatch', /^Internal error occurred: /],
    ['[{"op":"replace","path":"/data","value":[1]}]', 'JSONPatch', /^Internal error occurred: /],
    [
      '[{"op":"replace","path":"/data/k","value":"2"}]',
      'Merge',
      /failed calling webhook "a\.example\.com": unsupported patch type "Merge"$/,
    ],
  ];
  for (const [patch, patchType, expected] of patches) {
    match(await refusalBy(() => ({ patch: btoa(patch), patchType })), expected);
  }
});

test('a patch that doubles the object again and again is cut short', async () => {
  const { webhook, configMap } = await newWebhookServer();
  const copies = Array.from({ length: 200 }, (_, index) => ({
    op: 'copy',
    from: '/data',
    path: `/data/x${index}`,
  }));
  await webhook('mutating', 'a', () => jsonPatch(...copies));
  const refused = await configMap({ k: 'x'.repeat(1000) });
  equal(refused.status, 500);
  match(refused.value.message, /exceeding the limit/);
});

test('a webhook that writes what it is asked about comes to an end', async () => {
  const { webhook, configMap, call, asked } = await newWebhookServer();
  let deepest = 0;
  const ends: string[] = [];
  await webhook('validating', 'a', async ({ name }) => {
    const depth = Number(name.slice(1)) + 1;
    deepest = Math.max(deepest, depth);
    const answer = await call('POST', CONFIG_MAPS, { metadata: { name: `c${depth}` } });
    ends.push(answer.value.message);
    return { allowed: answer.status === 201 };
  });
  const refused = await configMap({}, { name: 'c0' });
  equal(refused.status, 400);
  match(
    ends[0]!,
    /failed calling webhook "a\.example\.com": failed to call webhook: too many calls are under way: 512$/,
  );
  deepEqual([deepest, asked.length], [512, 512]);
});

test('a client that leaves takes its question with it', async () => {
  const { webhook, server, webhooks } = await newWebhookServer();
  await webhook('validating', 'a', () => ({}));
  let signalled: (() => void) | undefined;
  const isAsked = new Promise<void>((resolve) => {
    signalled = resolve;
  });
  webhooks.listen('https://a.example.com/hook', () => {
    signalled?.();
    return 'never';
  });
  const leaving = new AbortController();
  const body = { kind: 'object', value: { metadata: { name: 'c' } } } as const;
  const user = { username: 'admin', groups: [] };
  const request = {
    method: 'POST',
    path: CONFIG_MAPS,
    query: new URLSearchParams(),
    headers: {},
    body,
  } as const;
  const handled = server.handle({ ...request, peer: { kind: 'internal', user } }, leaving.signal);
  await isAsked;
  leaving.abort(new Error('gone'));
  await handled.then(
    () => equal('answered', 'gone'),
    (error: Error) => equal(error.message, 'gone'),
  );
});
