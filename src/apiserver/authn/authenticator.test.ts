import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, PeerCertificate, UserInfo } from '../../api/message.ts';
import { hasReason } from '../../base/status-error.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import type { AccessAttributes } from '../interfaces.ts';
import { newAuthenticator } from './authenticator.ts';
import { impersonate } from './impersonation.ts';

const clock = newSimulatedClock();
const robot: UserInfo = { username: 'system:serviceaccount:ns:robot', groups: ['system:authenticated'] };
const tokens = {
  check: (token: string) => (token === 'good' ? { user: robot, audiences: ['api'] } : undefined),
};
const authenticator = newAuthenticator(clock, tokens);

const admin: PeerCertificate = {
  commonName: 'kubernetes-admin',
  organizations: ['system:masters'],
  trusted: true,
  notAfterMs: clock.now() + 60_000,
  fingerprint: 'AB:CD',
};

function request(certificate?: PeerCertificate, headers: Record<string, string> = {}): ApiRequest {
  return {
    method: 'GET',
    path: '/',
    query: new URLSearchParams(),
    headers,
    body: { kind: 'none' },
    peer: { kind: 'remote', address: '127.0.0.1', certificate },
  };
}

function isUnauthorized(error: unknown): boolean {
  return hasReason(error, 'Unauthorized') && error.message === 'Unauthorized' && error.code === 401;
}

test('newAuthenticator takes user and groups from a client certificate', () => {
  assert.deepEqual(authenticator.authenticate(request(admin)), {
    username: 'kubernetes-admin',
    groups: ['system:masters', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=abcd'] },
  });
});

test('newAuthenticator refuses a certificate of a foreign authority and an expired one', () => {
  assert.throws(() => authenticator.authenticate(request({ ...admin, trusted: false })), isUnauthorized);
  const expired = { ...admin, notAfterMs: clock.now() };
  assert.throws(() => authenticator.authenticate(request(expired)), isUnauthorized);
});

test('newAuthenticator refuses a certificate that expires while its connection lives', async () => {
  const own = newSimulatedClock();
  const shortLived = { ...admin, notAfterMs: own.now() + 1000 };
  const shortLiving = newAuthenticator(own, tokens);
  assert.equal(shortLiving.authenticate(request(shortLived)).username, 'kubernetes-admin');
  await own.advance(1000);
  assert.throws(() => shortLiving.authenticate(request(shortLived)), isUnauthorized);
});

test('newAuthenticator takes a good token, also beside a bad certificate, and prefers a good certificate', () => {
  const authorization = 'Bearer good';
  assert.equal(authenticator.authenticate(request(undefined, { authorization })), robot);
  assert.equal(authenticator.authenticate(request({ ...admin, trusted: false }, { authorization })), robot);
  assert.equal(authenticator.authenticate(request(admin, { authorization })).username, 'kubernetes-admin');
  assert.equal(
    authenticator.authenticate(request(undefined, { authorization: 'bearer  good' })).username,
    'system:anonymous',
  );
});

test('newAuthenticator refuses a wrong token instead of taking its bearer for nobody', () => {
  for (const authorization of ['Bearer bad', 'bearer x.y.z', 'Bearer good2']) {
    assert.throws(() => authenticator.authenticate(request(undefined, { authorization })), isUnauthorized);
  }
});

test('newAuthenticator knows who proves nothing as system:anonymous', () => {
  for (const headers of [
    {},
    { authorization: 'Basic abc' },
    { authorization: 'Bearer ' },
    { 'x-remote-user': 'root' },
  ]) {
    assert.deepEqual(authenticator.authenticate(request(undefined, headers as Record<string, string>)), {
      username: 'system:anonymous',
      groups: ['system:unauthenticated'],
    });
  }
  const nameless = { ...admin, commonName: '' };
  assert.equal(authenticator.authenticate(request(nameless)).username, 'system:anonymous');
});

test('newAuthenticator believes its own process', () => {
  const peer = { kind: 'internal', user: robot } as const;
  assert.equal(authenticator.authenticate({ ...request(), peer }), robot);
});

function newImpersonation(allow: (attributes: AccessAttributes) => boolean) {
  const asked: string[] = [];
  const authorizer = {
    authorize(attributes: AccessAttributes) {
      asked.push(
        `${attributes.namespace}/${attributes.resource}/${attributes.subresource}/${attributes.name}`,
      );
      return { allowed: allow(attributes) };
    },
  };
  const authenticate = (sent: ApiRequest) => impersonate(authenticator.authenticate(sent), sent, authorizer);
  return { asked, authenticate };
}

test('impersonate asks for each part and becomes the other user', async () => {
  const { asked, authenticate } = newImpersonation(() => true);
  const user = await authenticate(
    request(admin, {
      'impersonate-user': 'jane',
      'impersonate-group': 'dev, ops',
      'impersonate-uid': 'u1',
      'impersonate-extra-scopes': 'view',
    }),
  );
  assert.deepEqual(user, {
    username: 'jane',
    groups: ['dev', 'ops', 'system:authenticated'],
    uid: 'u1',
    extra: { scopes: ['view'] },
  });
  assert.deepEqual(asked, [
    '/users//jane',
    '/groups//dev',
    '/groups//ops',
    '/uids//u1',
    '/userextras/scopes/view',
  ]);
});

test('impersonate gives a service account its groups', async () => {
  const { asked, authenticate } = newImpersonation(() => true);
  const headers = { 'impersonate-user': 'system:serviceaccount:ns:robot' };
  const user = await authenticate(request(admin, headers));
  assert.deepEqual(user.groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:ns',
    'system:authenticated',
  ]);
  assert.deepEqual(asked, ['ns/serviceaccounts//robot']);
});

test('impersonate refuses whoever may not, and groups without a user', async () => {
  const { authenticate } = newImpersonation(({ resource }) => resource === 'users');
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' };
  await assert.rejects(authenticate(request(undefined, headers)), {
    reason: 'Forbidden',
    message:
      'groups "system:masters" is forbidden: User "system:anonymous" cannot impersonate resource "groups" in API group "" at the cluster scope',
  });
  const groupOnly = request(admin, { 'impersonate-group': 'system:masters' });
  await assert.rejects(authenticate(groupOnly), { reason: 'BadRequest' });
});
