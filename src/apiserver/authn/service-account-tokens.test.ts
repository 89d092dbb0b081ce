import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toTimestamp } from '../../base/clock.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { newServiceAccountTokens, type SubjectMeta } from './service-account-tokens.ts';
import type { TokenClaims } from './token-signature.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** Tokens that say what they claim: cryptography is tested where it is. */
const keys = {
  sign: (claims: TokenClaims) => JSON.stringify(claims),
  verify: (token: string) => JSON.parse(token) as TokenClaims,
};

function newWorld() {
  const clock = newSimulatedClock();
  const objects = new Map<string, SubjectMeta>([
    ['serviceaccounts/ns/robot', { uid: 'sa1' }],
    ['pods/ns/web', { uid: 'pod1' }],
  ]);
  const subjects = {
    find: (resource: string, namespace: string, name: string) =>
      objects.get(`${resource}/${namespace}/${name}`),
  };
  const tokens = newServiceAccountTokens(
    { clock, random: newSeededRandom(1), keys, subjects },
    { issuer: ISSUER, apiAudiences: [ISSUER] },
  );
  return { clock, objects, tokens };
}

const ORDER = {
  namespace: 'ns',
  serviceAccount: { name: 'robot', uid: 'sa1' },
  audiences: [],
  expirationSeconds: 3600,
};
const POD_ORDER = {
  ...ORDER,
  boundObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'pod1' },
  node: { name: 'n1', uid: 'node1' },
};

test('newServiceAccountTokens issues tokens that it accepts', async () => {
  const { clock, tokens } = newWorld();
  const { token, expirationTimestamp } = await tokens.issue(POD_ORDER);
  assert.equal(expirationTimestamp, toTimestamp(clock.now() + 3_600_000));
  const verified = tokens.check(token);
  assert.deepEqual(verified?.audiences, [ISSUER]);
  assert.equal(verified?.user.username, 'system:serviceaccount:ns:robot');
  assert.equal(verified?.user.uid, 'sa1');
  assert.deepEqual(verified?.user.groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:ns',
    'system:authenticated',
  ]);
  assert.deepEqual(verified?.user.extra?.['authentication.kubernetes.io/pod-name'], ['web']);
  assert.deepEqual(verified?.user.extra?.['authentication.kubernetes.io/node-name'], ['n1']);
});

test('newServiceAccountTokens refuses a token before and after its time', async () => {
  const { clock, tokens } = newWorld();
  const { token } = await tokens.issue(ORDER);
  await clock.advance(3_599_000);
  assert.ok(tokens.check(token));
  await clock.advance(1000);
  assert.equal(tokens.check(token), undefined);
  clock.jumpWall(-3_602_000);
  assert.equal(tokens.check(token), undefined, 'not yet valid');
});

test('newServiceAccountTokens keeps audiences apart', async () => {
  const { tokens } = newWorld();
  const { token } = await tokens.issue({ ...ORDER, audiences: ['vault', 'db'] });
  assert.equal(tokens.check(token), undefined);
  assert.deepEqual(tokens.check(token, ['db', 'other'])?.audiences, ['db']);
});

test('newServiceAccountTokens refuses the token of what is gone or was replaced', async () => {
  const { objects, tokens } = newWorld();
  const { token } = await tokens.issue(POD_ORDER);
  objects.set('pods/ns/web', { uid: 'pod2' });
  assert.equal(tokens.check(token), undefined);
  objects.set('pods/ns/web', { uid: 'pod1' });
  assert.ok(tokens.check(token));
  objects.delete('serviceaccounts/ns/robot');
  assert.equal(tokens.check(token), undefined);
});

test('newServiceAccountTokens accepts the token of a Pod that shuts down, for a minute', async () => {
  const { clock, objects, tokens } = newWorld();
  const { token } = await tokens.issue(POD_ORDER);
  objects.set('pods/ns/web', { uid: 'pod1', deletionTimestamp: toTimestamp(clock.now()) });
  await clock.advance(59_000);
  assert.ok(tokens.check(token));
  await clock.advance(1000);
  assert.equal(tokens.check(token), undefined);
});

test('newServiceAccountTokens refuses claims that are not its own', async () => {
  const { tokens } = newWorld();
  const claims = JSON.parse((await tokens.issue(ORDER)).token) as TokenClaims;
  const own = claims['kubernetes.io'];
  for (const change of [
    { iss: 'https://elsewhere' },
    { sub: 'system:serviceaccount:kube-system:admin' },
    { aud: ISSUER },
    { exp: 'never' },
    { nbf: undefined },
    { 'kubernetes.io': undefined },
    { 'kubernetes.io': { ...own, serviceaccount: { name: 'robot' } } },
    { 'kubernetes.io': { ...own, pod: 'web' } },
  ]) {
    assert.equal(tokens.check(JSON.stringify({ ...claims, ...change })), undefined, JSON.stringify(change));
  }
});
