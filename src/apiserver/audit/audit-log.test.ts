import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../../api/message.ts';
import { assert as assertOurs } from '../../base/assert.ts';
import { StatusError } from '../../base/status-error.ts';
import { newRequest, newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';
import type { RequestAuthenticator, RequestAuthorizer } from '../interfaces.ts';
import type { AuditEvent } from './audit-event.ts';
import { parseAuditPolicy } from './parse-audit-policy.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface World {
  rules?: string;
  authorizer?: RequestAuthorizer;
  authenticator?: RequestAuthenticator;
}

async function newWorld({ rules = '- {level: Metadata}', ...parts }: World = {}) {
  const lines: string[] = [];
  const policy = parseAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n${rules}\n`);
  const sink = { write: (line: string) => void lines.push(line) };
  const world = await newSimulatedApiServer({ audit: { policy, sink }, ...parts });
  lines.length = 0;
  const events = () => lines.map((line) => JSON.parse(line) as AuditEvent);
  const send = (request: ApiRequest, signal = new AbortController().signal) =>
    world.server.handle(request, signal);
  return { ...world, lines, events, send };
}

function remote(request: ApiRequest): ApiRequest {
  return { ...request, peer: { kind: 'remote', address: '192.0.2.7', certificate: undefined } };
}

test('handle writes down who did what, before and after, in the order of the fields that upstream has', async () => {
  const { send, lines, events } = await newWorld({
    authorizer: { authorize: () => ({ allowed: true, reason: 'RBAC: allowed by X' }) },
  });
  const headers = { 'user-agent': 'kubectl/v1', 'x-forwarded-for': '198.51.100.1, junk, 2001:db8::1' };
  const response = await send(remote(newRequest('POST', `${PODS_URL}?dryRun=All`, pod('a'), headers)));
  const [received, complete, ...others] = events();
  assert.equal(others.length, 0);
  const { auditID } = received!;
  assert.match(auditID, /^[0-9a-f-]{36}$/);
  assert.equal(response.headers['audit-id'], auditID);
  const request = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    requestURI: `${PODS_URL}?dryRun=All`,
    verb: 'create',
    user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
    sourceIPs: ['198.51.100.1', '2001:db8::1', '192.0.2.7'],
    userAgent: 'kubectl/v1',
  };
  const time = received!.requestReceivedTimestamp;
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const times = { requestReceivedTimestamp: time, stageTimestamp: time };
  const objectRef = { resource: 'pods', namespace: 'default', apiVersion: 'v1' };
  assert.deepEqual(received, { ...request, stage: 'RequestReceived', objectRef, ...times });
  assert.deepEqual(complete, {
    ...request,
    stage: 'ResponseComplete',
    objectRef: { ...objectRef, name: 'a' },
    responseStatus: { metadata: {}, code: 201 },
    ...times,
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'RBAC: allowed by X',
      'pod-security.kubernetes.io/enforce-policy': 'privileged:latest',
    },
  });
  assert.deepEqual(Object.keys(JSON.parse(lines[1]!)), [
    'kind',
    'apiVersion',
    'level',
    'auditID',
    'stage',
    'requestURI',
    'verb',
    'user',
    'sourceIPs',
    'userAgent',
    'objectRef',
    'responseStatus',
    'requestReceivedTimestamp',
    'stageTimestamp',
    'annotations',
  ]);
});

test('handle writes nothing of what the policy leaves out, and answers it all the same', async () => {
  const { call, events } = await newWorld({
    rules: '- {level: None, verbs: [get]}\n- {level: Metadata, omitStages: [RequestReceived]}',
  });
  assert.equal((await call('GET', `${PODS_URL}/a`)).status, 404);
  assert.equal((await call('GET', PODS_URL)).status, 200);
  assert.deepEqual(
    events().map(({ verb, stage }) => [verb, stage]),
    [['list', 'ResponseComplete']],
  );
});

test('handle writes down failures in full', async () => {
  const { call, events } = await newWorld({
    rules: '- {level: Metadata, omitStages: [RequestReceived]}',
    authorizer: { authorize: ({ verb }) => ({ allowed: verb !== 'delete', reason: 'because' }) },
  });
  await call('GET', `${PODS_URL}/a`);
  await call('DELETE', `${PODS_URL}/a`);
  const [missing, forbidden] = events();
  assert.deepEqual(missing!.responseStatus, {
    metadata: {},
    status: 'Failure',
    message: 'pods "a" not found',
    reason: 'NotFound',
    details: { name: 'a', kind: 'pods' },
    code: 404,
  });
  assert.equal(forbidden!.responseStatus!.code, 403);
  assert.deepEqual(forbidden!.annotations, {
    'authorization.k8s.io/decision': 'forbid',
    'authorization.k8s.io/reason': 'because',
  });
});

test('handle writes down bodies at their level: as they were sent, as they were answered', async () => {
  const sent = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } };
  const levels = { Metadata: [false, false], Request: [true, false], RequestResponse: [true, true] };
  for (const [level, [hasRequest, hasResponse]] of Object.entries(levels)) {
    const { call, events } = await newWorld({ rules: `- {level: ${level}, omitStages: [RequestReceived]}` });
    const { value } = await call('POST', CONFIG_MAPS, sent);
    const [created] = events();
    assert.deepEqual(created!.requestObject, hasRequest ? sent : undefined);
    assert.deepEqual(created!.responseObject, hasResponse ? value : undefined);
    const reference = { resource: 'configmaps', namespace: 'default', name: 'c', apiVersion: 'v1' };
    assert.deepEqual(created!.objectRef, reference);
  }
});

test('handle writes down a patch as it came and an update by its revision', async () => {
  const { call, events } = await newWorld({ rules: '- {level: Request, omitStages: [RequestReceived]}' });
  const { value } = await call('POST', CONFIG_MAPS, { metadata: { name: 'c' } });
  const patch = { data: { a: 'b' } };
  await call('PATCH', `${CONFIG_MAPS}/c`, patch, { 'content-type': 'application/merge-patch+json' });
  await call('PUT', `${CONFIG_MAPS}/c`, value);
  await call('DELETE', `${CONFIG_MAPS}/c`, { propagationPolicy: 'Background' });
  const [, patched, updated, deleted] = events();
  assert.deepEqual(patched!.requestObject, patch);
  const { uid, resourceVersion } = value.metadata;
  assert.deepEqual([updated!.objectRef!.uid, updated!.objectRef!.resourceVersion], [uid, resourceVersion]);
  assert.deepEqual(deleted!.requestObject, { propagationPolicy: 'Background' });
  assert.equal(updated!.responseStatus!.reason, 'Conflict');
});

test('handle leaves managed fields out of bodies where the policy says so', async () => {
  const { call, events } = await newWorld({
    rules: '- {level: RequestResponse, omitManagedFields: true, omitStages: [RequestReceived]}',
  });
  const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } };
  const { value } = await call('PATCH', `${CONFIG_MAPS}/c?fieldManager=me`, applied, {
    'content-type': 'application/apply-patch+yaml',
  });
  assert.ok(value.metadata.managedFields.length > 0);
  await call('GET', CONFIG_MAPS);
  const [created, listed] = events();
  assert.deepEqual(created!.requestObject, applied);
  const { managedFields: _, ...metadata } = value.metadata;
  assert.deepEqual(created!.responseObject, { ...value, metadata });
  assert.deepEqual((listed!.responseObject as { items: unknown[] }).items, [{ ...value, metadata }]);
});

test('handle follows a watch to its end, whoever ends it', async () => {
  for (const ending of ['return', 'abort'] as const) {
    const { send, events } = await newWorld();
    const client = new AbortController();
    const response = await send(newRequest('GET', `${PODS_URL}?watch=true`), client.signal);
    assert.deepEqual(
      events().map(({ stage }) => stage),
      ['RequestReceived', 'ResponseStarted'],
    );
    assert.ok(response.body.kind === 'watch');
    const frames = response.body.frames[Symbol.asyncIterator]();
    if (ending === 'abort') client.abort(new Error('gone'));
    else await frames.return?.();
    const last = events().at(-1)!;
    assert.equal(events().length, 3);
    assert.deepEqual([last.stage, last.responseStatus], ['ResponseComplete', { metadata: {}, code: 200 }]);
  }
});

test('handle writes down as whom somebody acts', async () => {
  const { call, events } = await newWorld();
  await call('GET', PODS_URL, undefined, { 'impersonate-user': 'jane', 'impersonate-group': 'dev' });
  const [received, complete] = events();
  assert.equal(received!.impersonatedUser, undefined);
  assert.deepEqual(complete!.user.username, 'admin');
  const jane = { username: 'jane', groups: ['dev', 'system:authenticated'] };
  assert.deepEqual(complete!.impersonatedUser, jane);
});

test('handle writes down whom it does not let in, and by what he tried', async () => {
  const { send, events } = await newWorld({
    authenticator: {
      authenticate({ peer }) {
        if (peer.kind === 'internal') return peer.user;
        throw new StatusError('Unauthorized', 'Unauthorized');
      },
    },
  });
  const request = newRequest('GET', PODS_URL, undefined, { authorization: 'Bearer x' });
  assert.equal((await send(remote(request))).status, 401);
  const [refused, ...others] = events();
  assert.equal(others.length, 0);
  assert.deepEqual([refused!.stage, refused!.user], ['ResponseStarted', {}]);
  assert.deepEqual(refused!.responseStatus, {
    metadata: {},
    message: 'Authentication failed, attempted: bearer',
    code: 401,
  });
});

test('handle takes a client’s audit id where it can stand in a header, cut to 64 characters', async () => {
  const { send, events } = await newWorld();
  const idOf = async (given: string) => {
    const request = remote(newRequest('GET', PODS_URL, undefined, { 'audit-id': given }));
    const { headers } = await send(request);
    assert.equal(events().at(-1)!.auditID, headers['audit-id']);
    return headers['audit-id']!;
  };
  assert.equal(await idOf('trace-1'), 'trace-1');
  assert.equal(await idOf('x'.repeat(100)), 'x'.repeat(64));
  for (const bad of ['', 'a b', 'a\r\nset-cookie: x', 'ü']) assert.match(await idOf(bad), /^[0-9a-f-]{36}$/);
});

test('handle gives remote clients an audit id also where nothing is written down', async () => {
  const { server } = await newSimulatedApiServer();
  const { headers } = await server.handle(remote(newRequest('GET', PODS_URL)), new AbortController().signal);
  assert.match(headers['audit-id']!, /^[0-9a-f-]{36}$/);
});

test('handle writes one line whatever a client puts in its path and its user agent', async () => {
  const { send, lines, events } = await newWorld();
  const agent = `evil\n{"kind":"Event"}${'x'.repeat(2_000)}`;
  await send(remote(newRequest('GET', `${PODS_URL}/a%0A%7B"b`, undefined, { 'user-agent': agent })));
  assert.ok(lines.every((line) => !line.includes('\n')));
  const { userAgent, requestURI } = events()[0]!;
  assert.equal(userAgent, `${agent.slice(0, 1_024)}...TRUNCATED`);
  assert.equal(requestURI, `${PODS_URL}/a%0A%7B"b`);
});

test('handle notes what Pod security says for the log', async () => {
  const { call, events } = await newWorld({ rules: '- {level: Metadata, verbs: [create]}' });
  await call('POST', '/api/v1/namespaces', {
    metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  await call('POST', '/api/v1/namespaces/strict/serviceaccounts', { metadata: { name: 'default' } });
  assert.equal((await call('POST', '/api/v1/namespaces/strict/pods', pod('a'))).status, 403);
  const { annotations } = events().at(-1)!;
  assert.equal(annotations!['pod-security.kubernetes.io/enforce-policy'], 'restricted:latest');
});

test('handle writes down that it broke, and what broke', async () => {
  const { send, events } = await newWorld({
    authorizer: {
      authorize: ({ verb }) => {
        assertOurs(verb !== 'deletecollection', 'a bug of ours');
        return { allowed: true };
      },
    },
  });
  await assert.rejects(send(newRequest('DELETE', PODS_URL)), { name: 'AssertionError' });
  const [received, panicked] = events();
  assert.deepEqual([received!.stage, panicked!.stage], ['RequestReceived', 'Panic']);
  assert.deepEqual(panicked!.responseStatus, {
    metadata: {},
    status: 'Failure',
    message: "APIServer panic'd: a bug of ours",
    reason: 'InternalError',
    code: 500,
  });
});

test('handle writes down what a client did not wait for', async () => {
  const client = new AbortController();
  const { send, events } = await newWorld({
    authorizer: {
      authorize: async ({ verb }) => {
        if (verb === 'deletecollection') {
          client.abort(new Error('gone'));
          client.signal.throwIfAborted();
        }
        return { allowed: true };
      },
    },
  });
  await assert.rejects(send(newRequest('DELETE', PODS_URL), client.signal), /gone/);
  const { stage, responseStatus } = events().at(-1)!;
  assert.deepEqual([stage, responseStatus!.message], ['ResponseComplete', 'Connection closed early']);
});
